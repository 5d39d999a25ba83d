"""Free slots between what is busy, within working hours, on local clocks. Pure."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from integrations.calendar.events.records import Slot
from integrations.calendar.events.times import WrongTime, day_of

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEP: Final = 15  # minutes: slots begin at a quarter of an hour, where their length allows it
DAY: Final = timedelta(days=1)

_DURATION: Final = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m(?:in)?)?", re.ASCII)
_HOURS: Final = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII
)


@dataclass(frozen=True)
class WorkingHours:
    """Hours of each working day, on local clocks. An end that is not after the start is on the
    next day."""

    start: timedelta = timedelta(0)  # since midnight
    end: timedelta = DAY
    days: frozenset[int] = frozenset(range(7))  # Monday is 0

    def on(self, day: date, tz: ZoneInfo) -> Slot:
        """The hours that begin on a day."""
        return Slot(_clock(day, self.start, tz), _clock(day, self.end, tz))


ALL_DAY: Final = WorkingHours()


def working_hours(text: str) -> WorkingHours:
    """Working hours from a text such as "09:00-17:00" or "mon-fri 09:00-17:00". Raises:
    WrongTime."""
    found = _HOURS.fullmatch(text.strip().lower())
    names = [name for name in (found["first"], found["last"]) if name] if found else []
    if not found or any(name not in DAYS for name in names):
        raise WrongTime("Write working hours such as 09:00-17:00 or mon-fri 09:00-17:00.")
    hour, minute, last_hour, last_minute = (int(number) for number in found.groups()[2:])
    start = timedelta(hours=hour, minutes=minute)
    end = timedelta(hours=last_hour, minutes=last_minute)
    if max(minute, last_minute) > 59 or start >= DAY or end > DAY:
        raise WrongTime("Working hours lie between 00:00 and 24:00.")
    first, last = (DAYS.index(names[0]), DAYS.index(names[-1])) if names else (0, 6)
    days = frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    return WorkingHours(start, end if end > start else end + DAY, days)


def duration(text: str) -> timedelta:
    """Duration from a text such as "30m", "1h" or "1h30m". Raises: WrongTime."""
    found = _DURATION.fullmatch(text.strip().lower())
    hours, minutes = (int(number or 0) for number in found.groups()) if found else (0, 0)
    length = timedelta(hours=hours, minutes=minutes)
    if not timedelta(minutes=5) <= length <= DAY:
        raise WrongTime("Write a duration from 5m to 24h, such as 30m or 1h30m.")
    return length


def merged(busy: Iterable[Slot], within: Slot) -> list[Slot]:
    """Busy times within a stretch, in order, without overlaps."""
    found: list[Slot] = []
    for one in sorted(busy):
        start, end = max(one.start, within.start), min(one.end, within.end)
        if end <= start:
            continue
        if found and start <= found[-1].end:
            found[-1] = Slot(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Slot(start, end))
    return found


def gaps(busy: Iterable[Slot], within: Slot) -> Iterator[Slot]:
    """Free times within a stretch."""
    free_from = within.start
    for one in merged(busy, within):
        if one.start > free_from:
            yield Slot(free_from, one.start)
        free_from = one.end
    if free_from < within.end:
        yield Slot(free_from, within.end)


def without(busy: Iterable[Slot], own: Slot) -> Iterator[Slot]:
    """Busy times without a stretch that is given up."""
    for one in busy:
        yield from gaps([own], one)


def free(
    busy: Iterable[Slot],
    within: Slot,
    *,
    tz: ZoneInfo,
    hours: WorkingHours = ALL_DAY,
    length: timedelta | None = None,
) -> list[Slot]:
    """Free slots of a length, one after the other; all that is free where `length` is None.

    A slot begins on a step of the clock that its working hours began at: every quarter of an hour,
    or more often where the length is no multiple of that.
    """
    busy = list(busy)
    found: list[Slot] = []
    for day in _days(within, tz):
        if day.weekday() not in hours.days:
            continue
        working = hours.on(day, tz)
        asked = Slot(max(working.start, within.start), min(working.end, within.end))
        for gap in gaps(busy, asked):
            found += [gap] if length is None else _slots(gap, working.start, length)
    return merged(found, within) if length is None else sorted(found)


def _days(within: Slot, tz: ZoneInfo) -> Iterator[date]:
    """Days whose hours may reach into a stretch: from the night before on."""
    day = day_of(within.start, tz) - DAY
    while day <= day_of(within.end, tz):
        yield day
        day += DAY


def _slots(gap: Slot, anchor: datetime, length: timedelta) -> Iterator[Slot]:
    step = timedelta(minutes=math.gcd(length // timedelta(minutes=1), STEP))
    start = anchor + step * math.ceil((gap.start - anchor) / step)
    while start + length <= gap.end:
        yield Slot(start, start + length)
        start += length


def _clock(day: date, since_midnight: timedelta, tz: ZoneInfo) -> datetime:
    """The moment when clocks show a time; one that they skip counts on from before the change."""
    days, rest = divmod(since_midnight, DAY)
    at = (datetime.combine(day, time.min) + days * DAY + rest).replace(tzinfo=tz)
    return at.astimezone(UTC)
