"""A week of the user's calendars: what they answer; of one that does not, what AVA knows itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from ava.http.problems import Problem
from ava.intents.states import UNSENT
from integrations.calendar import queries
from integrations.calendar.errors import ReconnectRequired
from integrations.calendar.events import held, services, times
from integrations.calendar.events.serializers import MOST_EVENTS
from integrations.calendar.models import CalendarEvent
from integrations.calendar.providers import NAMES
from integrations.calendar.queries import Description
from integrations.calendar.room import agenda
from integrations.calendar.room.agenda import Dated, Day
from integrations.errors import StubsDisabled

DAYS: Final = 7


@dataclass(frozen=True)
class Trouble:
    """A calendar that gives no answer. `kept`: its events that AVA knows of, as it made them."""

    provider: str
    name: str
    problem: Problem
    kept: int

    @property
    def must_connect(self) -> bool:
        return isinstance(self.problem, ReconnectRequired)

    @property
    def retry_after(self) -> int | None:
        return self.problem.retry_after


@dataclass(frozen=True)
class Week:
    days: Sequence[Day]
    troubles: Sequence[Trouble]
    refused: str  # why there are not even demo events, as a sentence
    is_demo: bool
    more: Sequence[str]  # names of calendars with more events than are shown
    is_unsettled: bool  # AVA is finding out about an event

    @property
    def is_empty(self) -> bool:
        return not any(day.entries for day in self.days)

    @property
    def every(self) -> int:
        """Seconds until the next look; 0: nothing is waited for."""
        if self.is_unsettled:
            return 4
        return 10 if any(not each.must_connect for each in self.troubles) else 0


def collect(
    *,
    user: User,
    calendars: Sequence[Description],
    first: date,
    tz: ZoneInfo,
    now: datetime,
) -> Week:
    start, end = times.moment(first, tz), times.moment(first + timedelta(days=DAYS), tz)
    connected = [each for each in calendars if each.state != "none"]
    rows = list(held.of_window(user.pk, start, end)) if connected else []
    found: list[Dated] = []
    troubles, more, refused = [], [], ""
    for each in connected or calendars[:1]:
        name = NAMES[each.provider]
        own = [row for row in rows if _is_of(row, each)]
        try:
            listed = services.events(
                user=user, provider=each.provider, start=start, end=end, limit=MOST_EVENTS, now=now
            )
        except StubsDisabled as problem:
            refused = problem.detail
        except Problem as problem:
            found += [Dated(held.shown(row), each.provider, name, is_ours=True) for row in own]
            troubles.append(Trouble(each.provider, name, problem, len(own)))
        else:
            ours, is_demo = {row.reference for row in own}, listed.status == "stub"
            found += [
                Dated(one, each.provider, name, is_demo, one.id in ours) for one in listed.events
            ]
            there = {one.id for one in listed.events}
            found += [
                Dated(held.shown(row), each.provider, name, is_ours=True)
                for row in own
                if row.status in UNSENT and row.pk.hex not in there
            ]
            more += [name] if listed.cursor else []
    return Week(
        days=agenda.days(found, first=first, count=DAYS, tz=tz, now=now),
        troubles=troubles,
        refused=refused,
        is_demo=any(one.is_demo for one in found),
        more=more,
        is_unsettled=any(row.status in UNSENT and not row.error for row in rows),
    )


def connected(user: User) -> list[Description]:
    return [each for each in queries.describe_all(user=user) if each.state != "none"]


def _is_of(row: CalendarEvent, calendar: Description) -> bool:
    """Whether it went to the account that is connected now, as far as both are known."""
    return row.provider == calendar.provider and row.account in ("", calendar.account)
