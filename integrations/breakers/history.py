"""History of providers: how fast each answered a user lately, and when its breaker was open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Final

from django.contrib.auth.models import User

from ava.activity import queries as activity
from integrations.breakers.models import BreakerEvent

HOURS: Final = 24
DAYS: Final = 7
MOST: Final = 5_000
"""Attempts that are looked at, the newest; of breakers' events, a tenth."""

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    at: datetime
    ms: float
    failed: bool


@dataclass(frozen=True)
class Speed:
    """Milliseconds of a time's attempts: half of them took no longer than `half`, 95 % no longer
    than `most`."""

    half: float
    most: float


@dataclass(frozen=True)
class Outage:
    """Time in which a breaker was not closed. `end` None: it still is not."""

    start: datetime
    end: datetime | None

    @property
    def seconds(self) -> float | None:
        return (self.end - self.start).total_seconds() if self.end else None

    def overlap(self, start: datetime, end: datetime, now: datetime) -> timedelta:
        return max(timedelta(0), min(self.end or now, end) - max(self.start, start))


def attempts(*, user: User, now: datetime) -> Mapping[str, Sequence[Attempt]]:
    """The user's attempts of the last hours that were sent, by the provider's name."""
    rows = activity.newest(user=user, kind="attempt", since=now - HOURS * HOUR)
    found = defaultdict(list)
    for summary, at, ms, failed in rows.filter(duration_ms__isnull=False).values_list(
        "summary", "at", "duration_ms", "failed"
    )[:MOST]:
        found[summary.partition(":")[0]].append(Attempt(at, ms or 0.0, failed))
    return found


def by_hour(found: Iterable[Attempt], *, now: datetime) -> list[Speed | None]:
    """Speed in each of the last hours, the present one last; None: nothing was sent."""
    hours: list[list[float]] = [[] for _ in range(HOURS)]
    for each in found:
        place = HOURS - 1 - int((now - each.at) / HOUR)
        if 0 <= place < HOURS:
            hours[place].append(each.ms)
    return [speed(taken) if taken else None for taken in hours]


def speed(taken: Sequence[float]) -> Speed:
    """Speed of attempts, of which there is at least one."""
    most = quantiles(taken, n=20, method="inclusive")[-1] if len(taken) > 1 else taken[0]
    return Speed(median(taken), most)


def outages(*, now: datetime) -> Mapping[str, Sequence[Outage]]:
    """Outages of the last days by provider, the newest first. They concern all users."""
    start = now - timedelta(days=DAYS)
    newest = BreakerEvent.objects.filter(at__gte=start)[: MOST // 10]
    events = defaultdict(list)
    for row in reversed(newest):
        events[row.provider].append(row)
    return {
        provider: [*_outages(rows, rows[0].at if len(newest) == MOST // 10 else start)][::-1]
        for provider, rows in events.items()
    }


def _outages(events: Iterable[BreakerEvent], start: datetime) -> Iterator[Outage]:
    since: datetime | None = None
    for place, event in enumerate(events):
        if place == 0 and event.from_state != "closed":
            since = start
        if event.to_state == "closed":
            if since:
                yield Outage(since, event.at)
            since = None
        elif since is None:
            since = event.at
    if since:
        yield Outage(since, None)
