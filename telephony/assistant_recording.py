"""Calls that an assistant leads, in a captured incident (`ava.recording`)."""

from collections.abc import Iterator
from typing import Any, Final

from ava.inbound.models import Delivery
from ava.recording import parts
from ava.recording.parts import Account, Asked, Found, Repeat
from ava.recording.scenario import Ask
from telephony.calls.models import Call
from vapi_settings.calls.events import END_OF_CALL_REPORT, KEPT_TYPES, STATUS_UPDATE
from vapi_settings.errors import VAPI
from vapi_settings.webhooks import KIND

PLACE: Final = "{assistant}"
_NUMBERS: Final = Ask("GET", "/api/v1/vapi/phone-numbers")
_ASSISTANT: Final = Ask("GET", f"/api/v1/vapi/assistants/{PLACE}")
_KEY: Final = "vapi-demo-key"
_TALK: Final = (STATUS_UPDATE, END_OF_CALL_REPORT)


def register() -> None:
    """Register what is known here of webhooks, accounts and the assistant."""
    parts.words.update(KEPT_TYPES)
    parts.events[VAPI.label, KIND] = _event
    parts.accounts[VAPI.label] = Account({"api_key": _KEY, "webhook_secret": "reports-of-calls"})
    # One with a server of its own would report there.
    parts.found["assistant"] = Found("/vapi/assistant", _KEY, {"server": {}})


def is_led(asked: Asked, row: Call | None) -> bool:
    """Whether an assistant was to talk: without a row, as Vapi was asked, or was not to be."""
    if row is not None:
        return row.kind == Call.Kind.ASSISTANT
    return VAPI.label in (*asked.refused, *(one.provider for one in asked.attempts))


def ready(asked: Asked, ask: Ask) -> Repeat:
    """The request, with what AVA had read of Vapi before, and the account for reports. Raises:
    NotRepeatable."""
    rows = Delivery.objects.filter(
        owner_id=asked.owner_id, correlation_id=asked.correlation_id, provider=VAPI.label
    )
    reports = {*rows.values_list("event", flat=True)}
    if reports - {*_TALK}:
        raise parts.NotRepeatable(
            "The assistant used a tool, as somebody had asked it to: what was said is not captured."
        )
    return Repeat(
        ask,
        before=[*_remembered(asked)],
        accounts=[VAPI.label] if reports else [],
        provider=VAPI.label,
    )


def _remembered(asked: Asked) -> Iterator[Ask]:
    """What AVA had read a short time ago, as it did not ask for it."""
    mine = [one for one in asked.attempts if one.provider == VAPI.label]
    if not any(one.path.endswith("/phone-number") for one in mine):
        yield _NUMBERS
    if not any(one.method == "GET" and "/assistant/" in one.path for one in mine):
        yield _ASSISTANT


def _event(event: str, payload: dict[str, Any], _: object) -> str:
    return str(payload.get("status") or "other") if event == STATUS_UPDATE else event
