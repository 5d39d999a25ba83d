"""Calendar events in a captured incident (`ava.recording`)."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

from ava.recording import fakes, parts
from ava.recording.parts import Account, Asked, End, Repeat
from ava.recording.scenario import Ask
from integrations.calendar.errors import OAuthAppRefused, ReconnectRequired
from integrations.calendar.events import held
from integrations.calendar.events.errors import NoCalendar
from integrations.calendar.events.states import EVENT
from integrations.calendar.models import CalendarEvent
from integrations.calendar.providers import GOOGLE, MICROSOFT, SERVICES

_OF_TOKENS: Final = {
    str(int(ReconnectRequired.status)): "invalid_grant",
    str(int(OAuthAppRefused.status)): "invalid_client",
}
"""Why the provider gave no token, by AVA's answer."""
_IN_A_JOB: Final = {"Reconnect ": "invalid_grant", " refuses AVA": "invalid_client"}
"""The same, by what the timeline says of a job."""
_API: Final = "/api/v1/integrations/calendar"
_BEGINS: Final = datetime(2031, 3, 3, 10, tzinfo=UTC)
"""When each event of a replay begins."""
_SOON, _OVER = "soon", "over"
_TOKENS: Final = {_SOON: 240, _OVER: 0}
"""Seconds to the end of an account's access token: AVA renews it five minutes before."""
_SOMEBODYS: Final = "somebodys_event"
_NO_CALENDAR: Final = {
    GOOGLE.label: "notACalendarUser",
    MICROSOFT.label: "MailboxNotEnabledForRESTAPI",
}


def register() -> None:
    """Register what is known here of requests and accounts."""
    parts.words.update(EVENT.ranks)
    for label in SERVICES:
        path = f"integrations/calendar/{label}"
        parts.register("POST", f"{path}/events", partial(create, label))
        for method in ("GET", "DELETE"):
            pattern = f"{path}/events/(?P<id>[^/]+)"
            parts.register(method, pattern, partial(ask_for_one, label, method))
        for name in ("events", "free-busy"):
            parts.register("GET", f"{path}/{name}", partial(_read, label, name))
        parts.repeating.add(label)
        parts.checks[label] = Ask("GET", f"{_API}/{label}/events")
        consent = f"{_API}/{label}/connect"
        parts.accounts[label] = Account(consent=consent)
        for end, seconds in _TOKENS.items():
            order = {"provider": label, "do": "shorten", "seconds": seconds}
            parts.accounts[f"{label}:{end}"] = Account(consent=consent, token=order)


def create(label: str, asked: Asked) -> Repeat:
    """An event at another time, as long as it was."""
    rows = CalendarEvent.objects.filter(
        owner_id=asked.owner_id, correlation_id=asked.correlation_id, provider=label
    )
    row = rows.order_by("created_at", "id")[asked.nth : asked.nth + 1].first()
    if row is None:
        raise parts.NotRepeatable(
            f"AVA refused it ({asked.status}) before it asked the calendar, and keeps no bodies."
        )
    is_there = bool(row.reference)
    # Where the calendar said so, no answer of its was lost that it had done it before.
    is_taken = any(one.is_taken for one in asked.attempts if one.is_change)
    return Repeat(
        Ask("POST", f"{_API}/{label}/events", _body(asked, row)),
        row=str(row.pk),
        accounts=[_account(label, asked)],
        provider=label,
        ends=[End(row.created_at.timestamp(), is_there and not is_taken)],
        error=_error(label, asked, row),
        effects={"events": 1} if is_there else {},
        is_settled=row.status in EVENT.final | EVENT.resting or bool(row.error),
    )


def ask_for_one(label: str, method: str, asked: Asked) -> Repeat:
    """A deletion, or a look at an event: of the incident, made by AVA before, or somebody's."""
    row = held.named(asked.owner_id, label, asked.named["id"])
    is_own = row is not None and row.correlation_id == asked.correlation_id
    if asked.status >= "400" and not is_own:
        parts.require_reason(asked)
    events, before = f"{_API}/{label}/events", []
    if row is None:
        before = [Ask("GET", events, name=_SOMEBODYS)]
        place = f"{{{_SOMEBODYS}}}"
    elif is_own:
        place = asked.place(str(row.pk))
    else:
        name = asked.fakes.name(str(row.pk))
        before = [Ask("POST", events, _body(asked, row), name)]
        place = f"{{{name}}}"
    return Repeat(
        Ask(method, f"{events}/{place}"),
        before=before,
        accounts=[_account(label, asked)],
        provider=label,
        error=_error(label, asked),
    )


def _read(label: str, name: str, asked: Asked) -> Repeat:
    """A look at the days to come."""
    ask = Ask("GET", f"{_API}/{label}/{name}")
    accounts, error = [_account(label, asked)], _error(label, asked)
    return Repeat(ask, accounts=accounts, provider=label, error=error)


def _account(label: str, asked: Asked) -> str:
    """The account, with a token that AVA renews first, as it did then."""
    mine = [one for one in asked.attempts if one.provider == label]
    if not (mine and mine[0].is_for_token):
        return label
    # It still served where AVA went on after it had got no other.
    asked_at = next((at for at, one in enumerate(mine) if not one.is_for_token), 0)
    serves = asked_at and not mine[asked_at - 1].is_taken
    return f"{label}:{_SOON if serves else _OVER}"


def _error(label: str, asked: Asked, row: CalendarEvent | None = None) -> str:
    """The provider's word for a refusal, where its status can mean several things."""
    mine = [one for one in asked.attempts if one.provider == label]
    tokens = [one.status for one in mine if one.is_for_token]
    if tokens and tokens[-1].startswith("4"):
        said = "\n".join(row.timeline.values_list("detail", flat=True)) if row else ""
        told = (word for start, word in _IN_A_JOB.items() if start in said)
        return _OF_TOKENS.get(asked.status) or next(told, "")
    if row is not None and row.error == NoCalendar(SERVICES[label]).detail:
        return _NO_CALENDAR[label]
    is_limited = asked.status == "429" and any(one.status == "403" for one in mine)
    return "rateLimitExceeded" if is_limited else ""


def _body(asked: Asked, row: CalendarEvent) -> dict[str, Any]:
    """An event of the same shape, at another time."""
    texts = {"title": row.title, "location": row.location, "description": row.description}
    made: dict[str, Any] = {name: fakes.text(text) for name, text in texts.items() if text}
    if row.attendees:
        made["attendees"] = [asked.fakes.address(one) for one in row.attendees]
    if row.all_day:
        days = date.fromisoformat(row.end) - date.fromisoformat(row.start)
        return made | {"start": f"{_BEGINS:%Y-%m-%d}", "end": f"{_BEGINS + days:%Y-%m-%d}"}
    end = _BEGINS + (row.ends_at - row.starts_at)
    return made | {"start": _BEGINS.isoformat(), "end": end.isoformat()}
