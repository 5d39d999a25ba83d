"""Twilio's webhooks: whose they are, what they say, what Twilio hears at once.

https://www.twilio.com/docs/voice/twiml#request-parameters,
https://www.twilio.com/docs/voice/api/call-resource#statuscallback,
https://www.twilio.com/docs/voice/twiml/dial#action,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from django.http import HttpResponse
from django.utils import timezone

from ava.inbound.limits import TEXT, cut
from ava.inbound.models import Delivery
from ava.inbound.source import Malformed, Verified, WebhookRequest
from ava.jobs import RetryLater
from telephony.callbacks import incoming, proof, reports
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.twilio import twiml


class TwilioSource:
    """One of Twilio's webhook addresses.

    Args:
        kind: the end of its path.
        sid, status: the fields that name what it is about, and how that stands.
    """

    provider = "twilio"

    def __init__(self, kind: str, *, sid: str, status: str) -> None:
        self.kind = kind
        self._sid = sid
        self._status = status

    def verify(self, received: WebhookRequest) -> Verified:
        """Whose it is, and what it says. Raises: InvalidSignature, Malformed."""
        form = proof.fields_of(received)
        marked = proof.marked(received)
        owners = proof.signers(received, form, marked, kind=self.kind)
        sid, status = form.get(self._sid, ""), form.get(self._status, "")
        if not 0 < len(sid) <= 64:
            raise Malformed(f"The body has no {self._sid}.")
        return Verified(
            owner=owners[0].user,
            delivery_id=_name(owners[0].holder, sid, status),
            event=status,
            payload={
                "marked": {marked.word: str(marked.pk)} if marked else {},
                "sid": sid,
                "status": status,
                "holders": [owner.holder for owner in owners],
                "form": {name: cut(value, TEXT) for name, value in form.items()},
            },
            correlation_id=(marked.correlation_id or None) if marked else None,
            can_be_asked=self.kind in (CALL_STATUS.kind, MESSAGE_STATUS.kind),
        )

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        """TwiML, where Twilio waits for it."""
        match self.kind:
            case "voice":
                return _xml(_answer(delivery))
            case incoming.DIAL_STATUS:
                return _xml(incoming.after_dial(delivery.event))
            case "message":
                # Twilio itself answers STOP, START and HELP.
                return _xml(twiml.EMPTY)
            case _:
                return None


VOICE = TwilioSource("voice", sid="CallSid", status="CallStatus")
DIAL_STATUS = TwilioSource(incoming.DIAL_STATUS, sid="CallSid", status="DialCallStatus")
CALL_STATUS = TwilioSource("call-status", sid="CallSid", status="CallStatus")
MESSAGE_STATUS = TwilioSource("message-status", sid="MessageSid", status="MessageStatus")
MESSAGE = TwilioSource("message", sid="MessageSid", status="SmsStatus")
SOURCES = (VOICE, DIAL_STATUS, CALL_STATUS, MESSAGE_STATUS, MESSAGE)


def handle_status(delivery: Delivery) -> None:
    """Take in how a call or a message stands.

    Raises:
        RetryLater: it is about a call that came in, and that is still to be kept.
    """
    if _mark_of(delivery) is None and _is_to_be_kept(delivery):
        raise RetryLater(1.0, "the call is still to be kept")
    reports.take(
        model=Call if delivery.kind == CALL_STATUS.kind else Message,
        marked=_mark_of(delivery),
        holders=delivery.payload["holders"],
        sid=delivery.payload["sid"],
        status=delivery.payload["status"],
        form=delivery.payload["form"],
        told_at=delivery.received_at,
        now=timezone.now(),
    )


def handle_voice(delivery: Delivery) -> None:
    """Keep a call that came in; for one of AVA's own the answer has done all there is to do."""
    if _mark_of(delivery) is None:
        incoming.keep_call(
            owner=delivery.owner,
            holder=_holder(delivery),
            form=delivery.payload["form"],
            now=delivery.received_at,
        )


def handle_dial_status(delivery: Delivery) -> None:
    """Take in whether the assistant was reached."""
    incoming.note_dial(
        holder=_holder(delivery),
        sid=delivery.payload["sid"],
        status=delivery.payload["status"],
        now=delivery.received_at,
    )


def handle_message(delivery: Delivery) -> None:
    """Keep a message that came in, and what it wishes."""
    incoming.keep_message(
        owner=delivery.owner,
        holders=delivery.payload["holders"],
        form=delivery.payload["form"],
        now=delivery.received_at,
    )


def _answer(delivery: Delivery) -> str:
    marked = _mark_of(delivery)
    if marked is None:
        return incoming.answer(
            owner=delivery.owner,
            holder=_holder(delivery),
            form=delivery.payload["form"],
            now=delivery.received_at,
        )
    return reports.answer(
        call_id=marked,
        sid=delivery.payload["sid"],
        status=delivery.event,
        told_at=delivery.received_at,
        now=timezone.now(),
    )


def _is_to_be_kept(delivery: Delivery) -> bool:
    came = _name(_holder(delivery), delivery.payload["sid"], "ringing")
    voice = Delivery.objects.filter(provider=VOICE.provider, kind=VOICE.kind, delivery_id=came)
    return voice.filter(state=Delivery.State.STORED).exists()


def _holder(delivery: Delivery) -> str:
    """Whose account received it: its IDs are theirs."""
    return str(delivery.payload["holders"][0])


def _name(holder: str, sid: str, status: str) -> str:
    """The same for each repetition of one delivery, and for nobody else's."""
    return f"{holder}:{sid}:{status}"


def _mark_of(delivery: Delivery) -> str | None:
    return next(iter(delivery.payload["marked"].values()), None)


def _xml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")
