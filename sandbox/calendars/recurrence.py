"""Recurrence rules of RFC 5545, expanded day by day; the finest frequency is daily."""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.calendars.zones import wall_time

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Rule:
    """One rule. Days of the week count from Monday, 0.

    Args:
        until: the last wall time at which an occurrence may start.
        by_day: pairs of an ordinal (0: every one, -1: the last one) and a day of the week.
        by_set_pos: which of a period's days count, from 1, or from -1 backwards; none: all.
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def days(self, first: date, after: date, before: date) -> Iterator[date]:
        """Days of the occurrences from `first`, which is one, between `after` and `before`."""
        index = 0 if self.count else max(0, self._index(first, after) - 1)
        found = 0
        while (period := self._period(first, index)) is not None and period[0] <= before:
            for day in self._chosen(period[1]):
                if day < first:
                    continue
                found += 1
                if self.count and found > self.count:
                    return
                if after <= day <= before:
                    yield day
            index += 1

    def _chosen(self, days: list[date]) -> list[date]:
        if not self.by_set_pos:
            return days
        places = {place - 1 if place > 0 else len(days) + place for place in self.by_set_pos}
        return [day for place, day in enumerate(days) if place in places]

    def _index(self, first: date, day: date) -> int:
        """Number of the period that a day lies in."""
        match self.frequency:
            case "DAILY":
                passed = (day - first).days
            case "WEEKLY":
                passed = (self._week(day) - self._week(first)).days // 7
            case "MONTHLY":
                passed = (day.year - first.year) * 12 + day.month - first.month
            case _:
                passed = day.year - first.year
        return passed // self.interval

    def _period(self, first: date, index: int) -> tuple[date, list[date]] | None:
        """The first day of a period, and its days that fit; None beyond the calendar's end."""
        step = index * self.interval
        try:
            match self.frequency:
                case "DAILY":
                    day = first + timedelta(days=step)
                    return day, [day] if self._fits(day) else []
                case "WEEKLY":
                    start = self._week(first) + timedelta(weeks=step)
                    wanted = {day for _, day in self.by_day} or {first.weekday()}
                    week = [start + timedelta(days=offset) for offset in range(7)]
                    days = [day for day in week if day.weekday() in wanted]
                    return start, [day for day in days if self._in_month(day)]
                case "MONTHLY":
                    months = first.year * 12 + first.month - 1 + step
                    year, month = divmod(months, 12)
                    start = date(year, month + 1, 1)
                    return start, self._of_month(start, first) if self._in_month(start) else []
            year = first.year + step
            starts = [date(year, month, 1) for month in self.by_month or (first.month,)]
            return date(year, 1, 1), [
                day for start in sorted(starts) for day in self._of_month(start, first)
            ]
        except (OverflowError, ValueError):
            return None

    def _of_month(self, start: date, first: date) -> list[date]:
        length = calendar.monthrange(start.year, start.month)[1]
        days = [start.replace(day=number) for number in range(1, length + 1)]
        if not self.by_day and not self.by_month_day:
            return [day for day in days if day.day == first.day]
        if self.by_month_day:
            wanted = {n if n > 0 else length + 1 + n for n in self.by_month_day}
            days = [day for day in days if day.day in wanted]
        if self.by_day:
            days = [day for day in days if self._is_by_day(day, length)]
        return days

    def _is_by_day(self, day: date, length: int) -> bool:
        from_start, from_end = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
        return any(
            day.weekday() == weekday and ordinal in (0, from_start, from_end)
            for ordinal, weekday in self.by_day
        )

    def _fits(self, day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        by_day = not self.by_day or day.weekday() in {weekday for _, weekday in self.by_day}
        numbers = {n if n > 0 else length + 1 + n for n in self.by_month_day}
        return by_day and (not numbers or day.day in numbers) and self._in_month(day)

    def _in_month(self, day: date) -> bool:
        return not self.by_month or day.month in self.by_month

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)


def parse_rule(text: str, zone_name: str) -> Rule:
    """A rule from the value of an RRULE line, for an event in a time zone.

    Raises: ValueError, also for parts that are not played.
    """
    parts = dict(part.split("=", 1) for part in text.upper().rstrip(";").split(";"))
    frequency = parts.pop("FREQ", "")
    readers: dict[str, tuple[str, Callable[[str], Any]]] = {
        "INTERVAL": ("interval", lambda value: _number(value, 1, 1000)),
        "COUNT": ("count", lambda value: _number(value, 1, 10_000)),
        "UNTIL": ("until", lambda value: _until(value, zone_name)),
        "BYDAY": ("by_day", lambda value: tuple(map(_by_day, value.split(",")))),
        "BYMONTHDAY": ("by_month_day", lambda value: _numbers(value, 31)),
        "BYMONTH": ("by_month", lambda value: _numbers(value, 12)),
        "BYSETPOS": ("by_set_pos", lambda value: _numbers(value, 366)),
        "WKST": ("week_start", DAYS.index),
    }
    if not parts.keys() <= readers.keys():
        raise ValueError(text)
    fields = {readers[name][0]: readers[name][1](value) for name, value in parts.items()}
    rule = Rule(frequency, **fields)
    plain = all(ordinal == 0 for ordinal, _ in rule.by_day)
    if frequency not in FREQUENCIES or (rule.count and rule.until):
        raise ValueError(text)
    if not plain and frequency not in ("MONTHLY", "YEARLY"):
        raise ValueError(text)
    if frequency == "YEARLY" and rule.by_day and not rule.by_month:
        raise ValueError(text)
    return rule


def _number(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise ValueError(text)
    return number


def _numbers(text: str, most: int) -> tuple[int, ...]:
    numbers = tuple(_number(one, -most, most) for one in text.split(","))
    if 0 in numbers:
        raise ValueError(text)
    return numbers


def _by_day(text: str) -> tuple[int, int]:
    ordinal = text[:-2]
    return (_number(ordinal, -53, 53) if ordinal else 0), DAYS.index(text[-2:])


def _until(text: str, zone_name: str) -> datetime:
    if "T" not in text:
        return datetime.strptime(text, "%Y%m%d") + timedelta(days=1, seconds=-1)
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
    return wall_time(moment.replace(tzinfo=UTC), zone_name) if text[-1] == "Z" else moment
