"""Calls and messages in a captured incident (`ava.recording`)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ava.recording import fakes, parts
from ava.recording.fakes import Fakes
from ava.recording.parts import Asked, Repeat
from ava.recording.scenario import Ask
from telephony import assistant_recording, bulk_recording
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
# Twilio places no call, or ends it before a phone rings.
_WITHOUT_A_RING = ("busy", "failed", "canceled")
_NEVER_SENT = ("failed", "canceled")


def register() -> None:
    """Register what is known here of requests, webhooks and numbers."""
    parts.register("POST", "twilio/calls", place_call)
    parts.register("POST", "twilio/messages", send_message)
    parts.register("POST", "twilio/messages/bulk", bulk_recording.send)
    assistant_recording.register()
    parts.register("POST", r"twilio/calls/(?P<id>[0-9a-f-]{36})/hangup", hang_up)
    for name in ("numbers", "calls", "messages"):
        parts.register("GET", f"twilio/{name}", _reading(name))
    parts.words.update(CALL.ranks, MESSAGE.ranks, _EVENTS)
    parts.events[TWILIO.label, "call-status"] = _progress
    parts.events[TWILIO.label, "message-status"] = _known
    parts.events[TWILIO.label, "voice"] = lambda status, *_: "twiml"
    parts.numbers.append(numbers)


def _progress(status: str, *_: object) -> str:
    return _EVENTS.get(status, "other")


def _known(status: str, payload: dict[str, Any], fakes: Fakes) -> str:
    """The status of a message; one that there is not, where AVA does not know it. In a batch with
    whom it goes to: several wait for a turn at once."""
    if status not in MESSAGE.ranks:
        return "other"
    marked = payload.get("marked", {}).get(Message.word)
    row = Message.objects.filter(pk=marked, batch__isnull=False).first() if marked else None
    return f"{fakes.number(row.to)} {status}" if row else status


def numbers(owner_id: int, correlation_id: str) -> Iterator[str]:
    """Phone numbers of the rows."""
    for model in (Call, Message):
        rows = _rows(model).filter(owner_id=owner_id, correlation_id=correlation_id)
        for pair in rows.values_list("to", "from_number"):
            yield from pair


def place_call(asked: Asked) -> Repeat:
    """A call; where no row was made of it, any call."""
    row = _nth(Call, asked)
    body = {"to": _fake(asked, row)}
    if assistant_recording.is_led(asked, row):
        body["assistant_id"] = assistant_recording.PLACE
        ready = assistant_recording.ready(asked, Ask("POST", CALLS, body))
    else:
        body["say"] = fakes.text(_TAG.sub("", row.twiml))[:1000] if row else _TEXT
        ready = _ready(asked, Ask("POST", CALLS, body))
    if row is None:
        return ready
    body |= _for_later(row)
    rings = bool(row.reference) and row.status not in _WITHOUT_A_RING
    return _repeat(ready, row, {"behaviour": _PHONES.get(row.status, "answer")}, calls=rings)


def send_message(asked: Asked) -> Repeat:
    """A message; where no row was made of it, any message."""
    row = _nth(Message, asked, batch=None)
    body = {"to": _fake(asked, row), "body": fakes.text(row.body) if row else _TEXT}
    ready = _ready(asked, Ask("POST", MESSAGES, body))
    if row is None:
        return ready
    body |= _for_later(row)
    texts = row.status if row.status in ("undelivered", "failed") else "delivered"
    sent = bool(row.reference) and row.status not in _NEVER_SENT
    return _repeat(ready, row, {"behaviour": "answer", "texts": texts}, messages=sent)


def _for_later(row: Communication) -> dict[str, str]:
    return {"send_at": parts.SOON} if row.send_at else {}


def hang_up(asked: Asked) -> Repeat:
    """A hang-up of a call of the same incident."""
    return Repeat(Ask("POST", f"{CALLS}/{asked.place(asked.named['id'])}/hangup"))


def _reading(name: str) -> Callable[[Asked], Repeat]:
    return lambda asked: Repeat(Ask("GET", f"/api/v1/twilio/{name}"))


def _rows(model: type[Communication]) -> Any:
    return model._default_manager.filter(direction=Communication.Direction.OUTBOUND)


def _nth(model: type[Any], asked: Asked, **of: Any) -> Any:
    """The row of the request. None: a provider, or its breaker, was in the way of it. Raises:
    NotRepeatable, where AVA itself was."""
    rows = _rows(model).filter(owner_id=asked.owner_id, correlation_id=asked.correlation_id, **of)
    row = rows.order_by("created_at", "id")[asked.nth : asked.nth + 1].first()
    if row is None:
        parts.require_reason(asked)
    return row


def _fake(asked: Asked, row: Communication | None) -> str:
    number = row.to if row else _SOMEBODY
    return asked.fakes.number(number) if number.startswith("+") else asked.fakes.number(_SOMEBODY)


def _ready(asked: Asked, ask: Ask) -> Repeat:
    return Repeat(ask, before=_remembering(asked), provider=TWILIO.label)


def _repeat(ready: Repeat, row: Any, phone: dict[str, Any], **effects: bool) -> Repeat:
    code = row.error_code if not row.reference else None
    return replace(
        ready,
        row=str(row.pk),
        phones=[{"to": ready.ask.body["to"], **phone}],
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
