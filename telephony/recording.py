"""Calls and messages in a captured incident (`ava.recording`)."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ava.recording import fakes, parts
from ava.recording.parts import Asked, Repeat
from ava.recording.scenario import Ask
from telephony import bulk_recording
from telephony.calls.models import Call
from telephony.intents.models import Communication
from telephony.intents.states import CALL, MESSAGE
from telephony.messages.models import Message
from telephony.twilio.errors import TWILIO

CALLS, MESSAGES = "/api/v1/twilio/calls", "/api/v1/twilio/messages"
NUMBERS = "/api/v1/twilio/numbers"
_TAG = re.compile("<[^>]*>")
_TEXT = "text"
_SOMEBODY = "+14155550100"
_PHONES = {"busy": "busy", "no-answer": "no-answer", "failed": "fail"}
_EVENTS = {
    **dict.fromkeys(("queued", "initiated"), "initiated"),
    "ringing": "ringing",
    "in-progress": "answered",
    **dict.fromkeys(("completed", "busy", "no-answer", "failed", "canceled"), "completed"),
}
# Twilio calls nobody, or says so before a phone rings.
_WITHOUT_A_RING = ("busy", "failed", "canceled")
_NEVER_SENT = ("failed", "canceled")


def register() -> None:
    """Register what is known here of requests, webhooks and numbers."""
    parts.register("POST", "twilio/calls", place_call)
    parts.register("POST", "twilio/messages", send_message)
    parts.register("POST", "twilio/messages/bulk", bulk_recording.send)
    parts.register("POST", r"twilio/calls/(?P<id>[0-9a-f-]{36})/hangup", hang_up)
    for name in ("numbers", "calls", "messages"):
        parts.register("GET", f"twilio/{name}", _reading(name))
    parts.words.update(CALL.ranks, MESSAGE.ranks, _EVENTS)
    parts.events[TWILIO.label, "call-status"] = lambda status: _EVENTS.get(status, "other")
    parts.events[TWILIO.label, "message-status"] = _known
    parts.events[TWILIO.label, "voice"] = lambda status: "twiml"
    parts.numbers.append(numbers)


def _known(status: str) -> str:
    """The status of a message; one that there is not, where AVA does not know it."""
    return status if status in MESSAGE.ranks else "other"


def numbers(owner_id: int, correlation_id: str) -> Iterator[str]:
    """Phone numbers of the rows."""
    for model in (Call, Message):
        rows = _rows(model).filter(owner_id=owner_id, correlation_id=correlation_id)
        for pair in rows.values_list("to", "from_number"):
            yield from pair


def place_call(asked: Asked) -> Repeat:
    """A call; where no row was made of it, any call."""
    row = _nth(Call, asked)
    if row is None:
        return _refused(asked, Ask("POST", CALLS, {"to": _fake(asked, None), "say": _TEXT}))
    if row.kind == Call.Kind.ASSISTANT:
        raise parts.NotRepeatable("A call that an assistant leads cannot be repeated yet.")
    body = {"to": _fake(asked, row), "say": fakes.text(_TAG.sub("", row.twiml))[:1000]}
    rings = bool(row.reference) and row.status not in _WITHOUT_A_RING
    behaviour = _PHONES.get(row.status, "answer")
    return _repeat(asked, row, Ask("POST", CALLS, body), {"behaviour": behaviour}, calls=rings)


def send_message(asked: Asked) -> Repeat:
    """A message; where no row was made of it, any message."""
    row = _nth(Message, asked, batch=None)
    if row is None:
        return _refused(asked, Ask("POST", MESSAGES, {"to": _fake(asked, None), "body": _TEXT}))
    body = {"to": _fake(asked, row), "body": fakes.text(row.body)}
    texts = row.status if row.status in ("undelivered", "failed") else "delivered"
    phone = {"behaviour": "answer", "texts": texts}
    sent = bool(row.reference) and row.status not in _NEVER_SENT
    return _repeat(asked, row, Ask("POST", MESSAGES, body), phone, messages=sent)


def hang_up(asked: Asked) -> Repeat:
    """A hang-up of a call of the same incident."""
    return Repeat(Ask("POST", f"{CALLS}/{asked.place(asked.named['id'])}/hangup"))


def _reading(name: str) -> Callable[[Asked], Repeat]:
    return lambda asked: Repeat(Ask("GET", f"/api/v1/twilio/{name}"))


def _rows(model: type[Communication]) -> Any:
    return model._default_manager.filter(direction=Communication.Direction.OUTBOUND)


def _nth(model: type[Any], asked: Asked, **of: Any) -> Any:
    rows = _rows(model).filter(owner_id=asked.owner_id, correlation_id=asked.correlation_id, **of)
    found = rows.order_by("created_at", "id")[asked.nth : asked.nth + 1]
    return next(iter(found), None)


def _fake(asked: Asked, row: Communication | None) -> str:
    number = row.to if row else _SOMEBODY
    return asked.fakes.number(number) if number.startswith("+") else asked.fakes.number(_SOMEBODY)


def _refused(asked: Asked, ask: Ask) -> Repeat:
    """One of which nothing was stored: a provider, or its breaker, was in the way."""
    parts.require_reason(asked)
    return Repeat(ask, before=_remembering(asked), provider=TWILIO.label)


def _repeat(asked: Asked, row: Any, ask: Ask, phone: dict[str, Any], **effects: bool) -> Repeat:
    code = row.error_code if not row.reference else None
    return Repeat(
        ask,
        row=str(row.pk),
        before=_remembering(asked),
        phones=[{"to": ask.body["to"], **phone}],
        provider=TWILIO.label,
        is_done=bool(row.reference),
        error=str(code or ""),
        effects={name: 1 for name, happened in effects.items() if happened},
        is_settled=row.is_final,
    )


def _remembering(asked: Asked) -> Sequence[Ask]:
    """AVA had read the account's numbers a short time ago, unless it asked for them."""
    has_asked = any("IncomingPhoneNumbers" in one.path for one in asked.attempts)
    # One refusal is that of the call itself.
    return () if has_asked or len(asked.refused) > 1 else [Ask("GET", NUMBERS)]
