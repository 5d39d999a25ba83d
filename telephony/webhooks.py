"""Webhooks of Twilio: verification, content, and the TwiML in answer.

https://www.twilio.com/docs/voice/twiml#request-parameters,
https://www.twilio.com/docs/voice/api/call-resource#statuscallback,
https://www.twilio.com/docs/voice/twiml/dial#action,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone

from ava.http.problems import MalformedRequest
from ava.inbound.limits import TEXT, cut
from ava.inbound.models import Delivery
from ava.inbound.source import Proof, Verified, WebhookRequest
from ava.jobs import RetryLater
from telephony.calls.models import Call
from telephony.incoming import calls_and_messages, twilio_reports, verification
from telephony.messages.models import Message
from telephony.twilio import twiml


@dataclass
class TwilioSource:
    """One of Twilio's webhook addresses."""

    kind: str  # the end of its path
    sid_field: str  # of what it is about
    status_field: str
    provider: str = "twilio"

    def verify(self, received: WebhookRequest) -> Proof:
        """The owner and the content of a webhook. Raises: InvalidSignature, MalformedRequest."""
        form = verification.fields_of(received)
        marked = verification.marked(received)
        owners = verification.signed_by(received, form, marked)
        sid, status = form.get(self.sid_field, ""), form.get(self.status_field, "")
        if not 0 < len(sid) <= 64:
            raise MalformedRequest(f"The body has no {self.sid_field}.")
        content = Verified(
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
        return owners[0].user, lambda: content

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        """TwiML, where Twilio waits for it."""
        report = twilio_reports.read(delivery)
        match self.kind:
            case "voice":
                document = calls_and_messages.answer(report, now=timezone.now())
            case calls_and_messages.DIAL_STATUS:
                document = calls_and_messages.after_dial(report.status)
            case "message":
                document = twiml.EMPTY  # Twilio itself answers STOP, START and HELP.
            case _:
                return None
        return HttpResponse(document, content_type="text/xml; charset=utf-8")


VOICE = TwilioSource("voice", "CallSid", "CallStatus")
DIAL_STATUS = TwilioSource(calls_and_messages.DIAL_STATUS, "CallSid", "DialCallStatus")
CALL_STATUS = TwilioSource("call-status", "CallSid", "CallStatus")
MESSAGE_STATUS = TwilioSource("message-status", "MessageSid", "MessageStatus")
MESSAGE = TwilioSource("message", "MessageSid", "SmsStatus")
SOURCES = (VOICE, DIAL_STATUS, CALL_STATUS, MESSAGE_STATUS, MESSAGE)


def handle(delivery: Delivery) -> None:
    """Handler of a stored webhook. Raises RetryLater: the incoming call that it is about is still
    to be kept."""
    report = twilio_reports.read(delivery)
    match delivery.kind:
        case VOICE.kind if report.marked is None:
            calls_and_messages.keep_call(report)
        case DIAL_STATUS.kind:
            calls_and_messages.note_dial(report)
        case MESSAGE.kind:
            calls_and_messages.keep_message(report)
        case CALL_STATUS.kind | MESSAGE_STATUS.kind:
            came = _name(report.holder, report.sid, "ringing")
            stored = Delivery.objects.filter(delivery_id=came, state=Delivery.State.STORED)
            if report.marked is None and stored.filter(provider="twilio", kind=VOICE.kind).exists():
                raise RetryLater(1.0, "the call is still to be kept")
            model = Call if delivery.kind == CALL_STATUS.kind else Message
            twilio_reports.apply(report, model, now=timezone.now())


def _name(holder: str, sid: str, status: str) -> str:
    """ID of a delivery: the same when it is repeated, and no other account's."""
    return f"{holder}:{sid}:{status}"
