"""Twilio's webhooks: whose they are, what they say, what Twilio hears at once.

https://www.twilio.com/docs/voice/twiml#request-parameters,
https://www.twilio.com/docs/voice/api/call-resource#statuscallback,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import uuid
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from ava.inbound.models import Delivery
from ava.inbound.source import Forged, Malformed, Received, Verified
from telephony import parties
from telephony.callbacks import incoming, reports
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.parties import Party
from telephony.twilio import signatures, twiml

MARKS: dict[str, type[Call] | type[Message]] = {Call.word: Call, Message.word: Message}
MOST_CHARACTERS = 4000
"""Of one field that is kept; a message has 1600."""


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

    def verify(self, received: Received) -> Verified:
        """Whose it is. Raises: Forged, Malformed."""
        form = dict(received.form)
        marked = _marked(dict(received.query))
        owners = _signers(received, form, marked)
        sid, status = form.get(self._sid, ""), form.get(self._status, "")
        if not 0 < len(sid) <= 64:
            raise Malformed(f"The form has no {self._sid}.")
        return Verified(
            owner=owners[0].user,
            delivery_id=f"{owners[0].holder}:{sid}:{status}",
            event=status,
            payload={
                "marked": {marked.word: str(marked.pk)} if marked else {},
                "sid": sid,
                "status": status,
                "holders": [owner.holder for owner in owners],
                "form": {name: value[:MOST_CHARACTERS] for name, value in form.items()},
            },
            correlation_id=(marked.correlation_id or None) if marked else None,
        )

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        """TwiML, where Twilio waits for it."""
        match self.kind:
            case "voice":
                return _xml(_answer(delivery))
            case "message":
                # Twilio itself answers STOP, START and HELP.
                return _xml(twiml.EMPTY)
            case _:
                return None


VOICE = TwilioSource("voice", sid="CallSid", status="CallStatus")
CALL_STATUS = TwilioSource("call-status", sid="CallSid", status="CallStatus")
MESSAGE_STATUS = TwilioSource("message-status", sid="MessageSid", status="MessageStatus")
MESSAGE = TwilioSource("message", sid="MessageSid", status="SmsStatus")
SOURCES = (VOICE, CALL_STATUS, MESSAGE_STATUS, MESSAGE)


def handle_status(delivery: Delivery) -> None:
    """Take in how a call or a message stands."""
    reports.take(
        model=Call if delivery.kind == CALL_STATUS.kind else Message,
        marked=_mark_of(delivery),
        owner=delivery.owner,
        sid=delivery.payload["sid"],
        status=delivery.payload["status"],
        form=delivery.payload["form"],
        now=timezone.now(),
    )


def handle_voice(delivery: Delivery) -> None:
    """Keep a call that came in; for one of AVA's own the answer has done all there is to do."""
    if _mark_of(delivery) is None:
        incoming.keep_call(
            owner=delivery.owner, form=delivery.payload["form"], now=delivery.received_at
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
            owner=delivery.owner, form=delivery.payload["form"], now=delivery.received_at
        )
    return reports.answer(
        call_id=marked, sid=delivery.payload["sid"], status=delivery.event, now=timezone.now()
    )


def _mark_of(delivery: Delivery) -> str | None:
    return next(iter(delivery.payload["marked"].values()), None)


def _marked(query: dict[str, str]) -> Call | Message | None:
    """The row whose mark the address carries."""
    for word, model in MARKS.items():
        if word in query:
            try:
                key = uuid.UUID(query[word])
            except ValueError:
                return None
            return model.objects.select_related("owner").filter(pk=key).first()
    return None


def _signers(
    received: Received, form: dict[str, str], marked: Call | Message | None
) -> list[Party]:
    """Who has the token that signed it: at least one.

    Raises:
        Forged: nobody.
    """
    account_sid = form.get("AccountSid", "")
    seen: dict[str, Any] = {"account": f"...{account_sid[-4:]}" if account_sid else "none"}
    given = received.headers.get(signatures.HEADER)
    if not given:
        raise Forged("There is no signature.", seen)
    found: list[Party] = []
    tried = 0
    for party in _candidates(account_sid, marked):
        tried += 1
        match = signatures.find(
            given, tokens=party.tokens, urls=received.urls, form=received.form, raw=received.raw
        )
        if match:
            found.append(party)
    if found:
        return found
    seen["users tried"] = tried
    if not tried:
        raise Forged("Nobody here has credentials of this account.", seen)
    raise Forged("It was signed with another token, or for another address.", seen)


def _candidates(account_sid: str, marked: Call | Message | None) -> Iterator[Party]:
    if marked is None:
        yield from parties.of_account(account_sid)
    # Credentials that were exchanged meanwhile speak for another account.
    elif account_sid == marked.account_sid:
        yield from parties.of_row(marked.owner, account_sid)


def _xml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")
