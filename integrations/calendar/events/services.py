"""Events and free time of a user's calendar, read; the stub's where nothing is connected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from integrations.calendar.authorization import require_known
from integrations.calendar.events import held, slots, stub
from integrations.calendar.events.access import ask
from integrations.calendar.events.creation import book, create, delete
from integrations.calendar.events.errors import EventNotFound
from integrations.calendar.events.records import CANCELLED, CONFIRMED, TENTATIVE, Event, Slot
from integrations.calendar.events.slots import ALL_DAY, WorkingHours

__all__ = ["Listed", "book", "busy", "create", "delete", "event", "events", "free_slots"]


@dataclass(frozen=True)
class Listed:
    """Events of one provider; `status` says whether they are real ("live") or demo ("stub")."""

    provider: str
    status: str
    next_steps: str
    events: Sequence[Event]
    cursor: str = ""


def events(
    *,
    user: User,
    provider: str,
    start: datetime,
    end: datetime,
    limit: int,
    search: str = "",
    cursor: str = "",
    now: datetime,
) -> Listed:
    """Events that overlap a window, by start, recurring ones expanded.

    Args:
        search: in title, place, description and attendees. Of a page of Microsoft's those that
            match remain, perhaps none.
        cursor: of the page before.

    Raises: UnknownCalendar, StubsDisabled, ReconnectRequired, CursorEnded, NoCalendar, and
        Problem of the provider.
    """
    require_known(provider)
    if stub.serves(user=user, provider=provider):
        found = stub.events(provider, start, end, now=now)
        wanted = [one for one in found if search.casefold() in one.title.casefold()]
        return Listed(provider, "stub", stub.next_steps(provider), wanted)
    page = ask(
        lambda calendar: calendar.events(start, end, limit=limit, search=search, cursor=cursor),
        user=user,
        provider=provider,
    )
    return Listed(provider, "live", "", page.events, page.cursor)


def event(*, user: User, provider: str, event_id: str, now: datetime) -> Event:
    """One event, as its calendar has it; one of AVA's that no calendar has, as AVA knows it.

    Args:
        event_id: as in `delete`.

    Raises: EventNotFound, and as `events`.
    """
    require_known(provider)
    row = held.named(user.pk, provider, event_id)
    if row and row.status not in (TENTATIVE, CONFIRMED):
        return held.shown(row)
    if stub.serves(user=user, provider=provider):
        found = next((one for one in stub.all_of(provider, now) if one.id == event_id), None)
    else:
        reference = row.reference if row else event_id
        found = ask(lambda calendar: calendar.event(reference), user=user, provider=provider)
    if found is None or found.status == CANCELLED:
        raise EventNotFound
    return found


def busy(
    *, user: User, provider: str, start: datetime, end: datetime, tz: ZoneInfo, now: datetime
) -> list[Slot]:
    """Busy times of the calendar, in order, without overlaps. Raises: as `events`."""
    require_known(provider)
    if stub.serves(user=user, provider=provider):
        found = stub.busy(provider, start, end, now=now)
    else:
        found = ask(lambda calendar: calendar.busy(start, end, tz), user=user, provider=provider)
    return slots.merged(found, Slot(start, end))


def free_slots(
    *,
    user: User,
    provider: str,
    start: datetime,
    end: datetime,
    duration: timedelta,
    time_zone: ZoneInfo,
    working_hours: WorkingHours = ALL_DAY,
    given_up: Slot | None = None,
    now: datetime,
) -> list[Slot]:
    """Free slots of a length that are still to come, within working hours.

    Args:
        given_up: the time of an event that is moved, which counts as free.

    Raises: as `events`.
    """
    start = max(start, now)
    if start >= end:
        return []
    taken = busy(user=user, provider=provider, start=start, end=end, tz=time_zone, now=now)
    if given_up:
        taken = [*slots.without(taken, given_up)]
    window = Slot(start, end)
    return slots.free(taken, window, tz=time_zone, hours=working_hours, length=duration)
