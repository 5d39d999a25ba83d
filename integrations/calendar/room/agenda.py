"""Agenda: events of one or more calendars by day, on the clocks of a time zone. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from integrations.calendar.events import times
from integrations.calendar.events.records import CONFIRMED, Event, When

DAY: Final = timedelta(days=1)
ALL_DAY: Final = "All day"


@dataclass(frozen=True)
class Dated:
    """An event, and where it is from."""

    event: Event
    provider: str
    calendar: str  # its name
    is_demo: bool = False
    is_ours: bool = False  # AVA created it

    @property
    def state(self) -> str:
        """State to show: its status, unless all is well."""
        return "" if self.event.status == CONFIRMED else self.event.status


@dataclass(frozen=True)
class Entry:
    """An event on one of its days."""

    dated: Dated
    when: str
    is_past: bool
    is_now: bool


@dataclass(frozen=True)
class Day:
    date: date
    is_today: bool
    entries: Sequence[Entry]


def days(
    found: Iterable[Dated], *, first: date, count: int, tz: ZoneInfo, now: datetime
) -> list[Day]:
    """Each day with what is on it, whole days first; an event of several days is on each."""
    ordered = sorted(found, key=lambda one: (not one.event.all_day, start_of(one.event, tz)))
    today = times.day_of(now, tz)
    return [
        Day(day, day == today, _entries(ordered, day, tz, now))
        for day in (first + DAY * number for number in range(count))
    ]


def _entries(ordered: Iterable[Dated], day: date, tz: ZoneInfo, now: datetime) -> list[Entry]:
    begins, ends = times.moment(day, tz), times.moment(day + DAY, tz)
    entries = []
    for one in ordered:
        start, end = start_of(one.event, tz), times.moment(one.event.end, tz)
        if not (start < ends and (end > begins or start >= begins)):
            continue
        is_past = min(end, ends) <= now
        entry = Entry(one, when(one.event, day, tz), is_past, start <= now < end)
        entries.append(entry)
    return sorted(entries, key=lambda each: each.when != ALL_DAY)


def when(event: Event, day: date, tz: ZoneInfo) -> str:
    """The times of an event on one of its days: "09:30 - 09:45", "from 22:00", "All day"."""
    if not isinstance(event.start, datetime) or not isinstance(event.end, datetime):
        return ALL_DAY
    start, end = event.start.astimezone(tz), event.end.astimezone(tz)
    midnight = datetime.combine(day + DAY, time.min, tz)
    is_begun, goes_on = start.date() < day, end > midnight
    if is_begun and goes_on:
        return ALL_DAY
    if is_begun:
        return f"until {end:%H:%M}"
    if goes_on:
        return f"from {start:%H:%M}"
    return f"{start:%H:%M} – {end:%H:%M}"  # noqa: RUF001 - an en dash between times


def span(event: Event, tz: ZoneInfo) -> str:
    """Time of an event in words."""
    if not isinstance(event.start, datetime) or not isinstance(event.end, datetime):
        last = event.end - DAY
        if last <= event.start:
            return f"{_day(event.start)}, all day"
        return f"{_day(event.start)} to {_day(last)}"
    start, end = event.start.astimezone(tz), event.end.astimezone(tz)
    if start.date() == end.date():
        return f"{_day(start)}, {start:%H:%M} to {end:%H:%M}"
    return f"{_day(start)}, {start:%H:%M} to {_day(end)}, {end:%H:%M}"


def range_of(first: date, last: date) -> str:
    """Range of days: "7 to 13 December 2026"."""
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
    return f"{first.day} to {last.day} {last:%B %Y}"


def start_of(event: Event, tz: ZoneInfo) -> datetime:
    return times.moment(event.start, tz)


def _day(at: When) -> str:
    return f"{at:%A} {at.day} {at:%B}"
