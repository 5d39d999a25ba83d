"""Demo calendar: the same few meetings for every user, around today. Pure."""

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
    id: str
    title: str
    start: datetime
    end: datetime
    location: str
    attendees: tuple[str, ...]


def events(*, provider: str, now: datetime) -> list[Event]:
    """Demo meetings of today (UTC) and the two days after it, in order."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for number, (days, hour, minutes, title, location, attendees) in enumerate(_MEETINGS, start=1):
        start = today + timedelta(days=days, hours=hour)
        end = start + timedelta(minutes=minutes)
        found.append(Event(f"stub-{provider}-{number}", title, start, end, location, attendees))
    return found
