"""The demo calendar: the same few meetings for everybody, around today. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# (days after today, hour UTC, minutes, title, location, attendees)
_MEETINGS = (
    (0, 15, 30, "Demo: call back a new lead", "Phone", ("lead@example.com",)),
    (1, 9, 15, "Demo: team stand-up", "Video call", ("ada@example.com", "grace@example.com")),
    (2, 13, 60, "Demo: review of the week's calls", "Room 1", ()),
)


@dataclass(frozen=True)
class Event:
    """One calendar entry; `start` and `end` are aware, in UTC."""

    id: str
    title: str
    start: datetime
    end: datetime
    location: str
    attendees: tuple[str, ...]


def events(*, provider: str, now: datetime) -> list[Event]:
    """The demo meetings of today (UTC) and the two days after it, in order."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        _event(f"stub-{provider}-{number}", today, *meeting)
        for number, meeting in enumerate(_MEETINGS, start=1)
    ]


def _event(
    event_id: str,
    today: datetime,
    days: int,
    hour: int,
    minutes: int,
    title: str,
    location: str,
    attendees: tuple[str, ...],
) -> Event:
    start = today + timedelta(days=days, hours=hour)
    return Event(event_id, title, start, start + timedelta(minutes=minutes), location, attendees)
