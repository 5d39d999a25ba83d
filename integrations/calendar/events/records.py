"""Events and free time as AVA shows them, whichever calendar they are of. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

When = datetime | date
"""A moment in UTC; a date of an all-day event, which has no time zone."""


def read_when(text: str) -> When:
    """A moment, or a date, from a text as `isoformat` writes it."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


CONFIRMED, TENTATIVE, CANCELLED = "confirmed", "tentative", "cancelled"


class NoRecord(Exception):
    """Raised where what a provider sent is no event."""


@dataclass(frozen=True)
class Event:
    """An event of a calendar; one of those that a recurring one stands for."""

    id: str
    title: str
    start: When
    end: When  # the first moment, or day, after it
    time_zone: str = ""  # its own, by its IANA name; empty where unknown
    location: str = ""
    attendees: tuple[str, ...] = ()
    status: str = CONFIRMED
    html_link: str = ""

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@dataclass(frozen=True)
class NewEvent:
    """An event to create. Its attendees are invited by the provider."""

    title: str
    start: When
    end: When
    time_zone: str = "UTC"
    location: str = ""
    attendees: tuple[str, ...] = ()
    description: str = ""

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@dataclass(frozen=True)
class Page:
    """Events by start. `cursor`: the provider's own mark of the next page; empty: there is none."""

    events: tuple[Event, ...]
    cursor: str = ""


@dataclass(frozen=True, order=True)
class Slot:
    """A stretch of time, in UTC."""

    start: datetime
    end: datetime
