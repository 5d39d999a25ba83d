"""Times of an event: once or again and again, in its own time zone or on whole days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from sandbox.calendars.recurrence import Rule
from sandbox.calendars.zones import instant, wall_time

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Occurrence:
    """One time that an event takes place. `wall_start` and `wall_end` are clock times in its zone;
    for whole days they are midnights, and the moments are those of the zone that asks."""

    wall_start: datetime
    wall_end: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Timing:
    """Start and end of the first occurrence as clock times in `zone_name`, and the rule.

    Args:
        excluded: wall starts of occurrences that do not take place.
    """

    start: datetime
    end: datetime
    zone_name: str
    all_day: bool = False
    rule: Rule | None = None
    excluded: frozenset[datetime] = field(default_factory=frozenset)

    def between(self, after: datetime, before: datetime, zone_name: str) -> Iterator[Occurrence]:
        """Occurrences that overlap a window, in order.

        Args:
            zone_name: whose midnights bound whole days.
        """
        home = zone_name if self.all_day else self.zone_name
        for start, end in self._walls(after, before, home):
            found = Occurrence(start, end, instant(start, home), instant(end, home))
            if found.start < before and (found.end > after or found.start == found.end == after):
                yield found

    def first(self, zone_name: str) -> Occurrence:
        """The first occurrence, excluded or not."""
        home = zone_name if self.all_day else self.zone_name
        moments = instant(self.start, home), instant(self.end, home)
        return Occurrence(self.start, self.end, *moments)

    def _walls(self, after: datetime, before: datetime, home: str) -> Iterator[Span]:
        if self.rule is None:
            yield self.start, self.end
            return
        lasts = self.end - self.start
        first_day = (wall_time(after, home) - lasts).date() - timedelta(days=1)
        last_day = wall_time(before, home).date() + timedelta(days=1)
        for day in self.rule.days(self.start.date(), first_day, last_day):
            start = datetime.combine(
                day, time(self.start.hour, self.start.minute, self.start.second)
            )
            if self.rule.until and start > self.rule.until:
                return
            if start not in self.excluded:
                yield start, start + lasts


def merged(spans: Iterable[Span], after: datetime, before: datetime) -> list[Span]:
    """Spans within a window, in order, with those that touch made one."""
    made: list[Span] = []
    for start, end in sorted((max(start, after), min(end, before)) for start, end in spans):
        if start >= end:
            continue
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made
