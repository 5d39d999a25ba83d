"""Page of a call's raw events: what the provider was asked for, and each webhook about it, as JSON.

Secrets that providers send along, such as an assistant's server secret, are hidden.
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from ava.console.views import page, render, user_of
from ava.observability.redaction import HIDDEN, without_passwords
from telephony.calls import queries
from telephony.calls.models import Call

_MOST: Final = 50
_LONGEST: Final = 20_000  # characters of one body
_SECRETS: Final = re.compile(r"(?i)secret|token|password|api_?key|authorization|credential")


@dataclass(frozen=True)
class Event:
    at: datetime
    title: str
    state: str
    error: str
    body: str


@dataclass(frozen=True)
class EventsPage:
    title: str
    call: Call
    asked: str
    events: Sequence[Event]
    more: bool


@page()
def events(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    call = queries.call(user=user_of(request), call_id=call_id)
    rows = [*queries.deliveries(call)[: _MOST + 1]]
    found = [
        Event(
            row.received_at,
            " ".join(filter(None, (row.provider.capitalize(), row.kind, row.event))),
            row.state,
            row.error,
            _body(row.payload),
        )
        for row in rows[:_MOST]
    ]
    shown = EventsPage(
        title="Raw events",
        call=call,
        asked=_body(_asked(call)),
        events=found,
        more=len(rows) > _MOST,
    )
    return render(request, "calls/events.html", shown)


def _asked(call: Call) -> dict[str, Any]:
    """What the provider was asked for, or what it sent with a call that came in."""
    if call.direction == Call.Direction.INBOUND:
        return {"from": call.from_number, "to": call.to, **call.details}
    about = {"to": call.to, "from": call.from_number, "provider": call.provider}
    what = {"twiml": call.twiml, "assistant_id": call.assistant_id}
    return {**about, **{name: text for name, text in what.items() if text}}


def _body(payload: Any) -> str:
    text = json.dumps(without_passwords(_without_secrets(payload)), indent=2, ensure_ascii=False)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\n... and {len(text) - _LONGEST:,} more characters"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if _is_secret(name, each) else _without_secrets(each)
            for name, each in value.items()
        }
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value


def _is_secret(name: str, value: Any) -> bool:
    """By its name; numbers such as `maxTokens` are none."""
    return isinstance(value, str) and bool(value) and bool(_SECRETS.search(name))
