"""Calendars of a user. In this release the stub alone answers: a few meetings around today."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User

from integrations import runtime_config
from integrations.calendar.providers import NAMES
from integrations.errors import StubsDisabled, UnknownCalendar

# (days after today, hour UTC, minutes, title, location, attendees)
_MEETINGS = (
    (0, 15, 30, "Demo: call back a new lead", "Phone", ("lead@example.com",)),
    (1, 9, 15, "Demo: team stand-up", "Video call", ("ada@example.com", "grace@example.com")),
    (2, 13, 60, "Demo: review of the week's calls", "Room 1", ()),
)


@dataclass(frozen=True)
class Event:
    id: str
    title: str
    start: datetime
    end: datetime
    location: str
    attendees: tuple[str, ...]


@dataclass(frozen=True)
class Calendar:
    """Events of one provider; `status` says whether they are real ("live") or demo ("stub")."""

    provider: str
    status: str
    next_steps: str
    events: list[Event]


def upcoming(*, user: User, provider: str, now: datetime) -> Calendar:
    """Next events of the user's calendar. Raises: UnknownCalendar, StubsDisabled."""
    if provider not in NAMES:
        raise UnknownCalendar(provider)
    if not runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        raise StubsDisabled("Please complete OAuth setup for calendar access.")
    next_steps = (
        f"These are demo events. Complete OAuth setup for {NAMES[provider]} "
        "to see your own calendar, as soon as your AVA offers it."
    )
    return Calendar(provider, "stub", next_steps, _demo(provider, now))


def _demo(provider: str, now: datetime) -> list[Event]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for number, (days, hour, minutes, title, location, attendees) in enumerate(_MEETINGS, start=1):
        start = today + timedelta(days=days, hours=hour)
        end = start + timedelta(minutes=minutes)
        found.append(Event(f"stub-{provider}-{number}", title, start, end, location, attendees))
    return found
