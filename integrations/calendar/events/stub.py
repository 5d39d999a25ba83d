"""Stub calendar of development: a few meetings around today, where nothing is connected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User

from integrations import runtime_config
from integrations.calendar import connections, queries
from integrations.calendar.events.records import Event, Slot

# (days after today, hour UTC, minutes, title, location, attendees)
_MEETINGS = (
    (0, 15, 30, "Demo: call back a new lead", "Phone", ("lead@example.com",)),
    (1, 9, 15, "Demo: team stand-up", "Video call", ("ada@example.com", "grace@example.com")),
    (2, 13, 60, "Demo: review of the week's calls", "Room 1", ()),
)


def serves(*, user: User, provider: str) -> bool:
    """Whether the stub answers: nothing is connected, and stubs are on. Raises: StubsDisabled."""
    if connections.find(user=user, provider=provider) is not None:
        return False
    if not runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        raise connections.not_connected(user=user, provider=provider)
    return True


def next_steps(provider: str) -> str:
    """A sentence beside demo events."""
    return f"These are demo events. {queries.how_to_connect(provider)}"


def events(provider: str, start: datetime, end: datetime, *, now: datetime) -> list[Event]:
    """Demo events that overlap a window."""
    return [event for event in all_of(provider, now) if _overlaps(event, start, end)]


def busy(provider: str, start: datetime, end: datetime, *, now: datetime) -> list[Slot]:
    found = events(provider, start, end, now=now)
    return [Slot(*_times(event)) for event in found]


def all_of(provider: str, now: datetime) -> Iterator[Event]:
    """The demo events."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number, (days, hour, minutes, title, location, attendees) in enumerate(_MEETINGS, start=1):
        start = today + timedelta(days=days, hours=hour)
        end = start + timedelta(minutes=minutes)
        key = f"stub-{provider}-{number}"
        yield Event(key, title, start, end, "UTC", location=location, attendees=attendees)


def _times(event: Event) -> tuple[datetime, datetime]:
    assert isinstance(event.start, datetime)  # noqa: S101 - narrows the type
    assert isinstance(event.end, datetime)  # noqa: S101 - narrows the type
    return event.start, event.end


def _overlaps(event: Event, start: datetime, end: datetime) -> bool:
    first, last = _times(event)
    return first < end and last > start
