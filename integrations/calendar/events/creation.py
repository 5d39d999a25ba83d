"""Events of a user's calendar, created once and taken back."""

import uuid
from datetime import timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q

from ava.http import correlation
from ava.intents import keyed
from ava.intents.states import UNKNOWN, UNSENT
from ava.intents.timeline import Source
from integrations.calendar import connections
from integrations.calendar.authorization import require_known
from integrations.calendar.events import held, times
from integrations.calendar.events.access import ask
from integrations.calendar.events.channel import CHANNEL, is_elsewhere
from integrations.calendar.events.errors import EventNotFound, EventUnsettled, SlotTaken
from integrations.calendar.events.records import CONFIRMED, TENTATIVE, NewEvent
from integrations.calendar.events.states import DELETED
from integrations.calendar.models import CalendarEvent, Connection

GIVEN_UP: Final = Q(status=UNKNOWN) & ~Q(error="")
"""Events of which AVA never learned what became of them."""

MOST_ASKED: Final = 3
"""Events in the way of a booking that it looks up in the calendar, at most."""


def create(
    *,
    user: User,
    provider: str,
    event: NewEvent,
    idempotency: uuid.UUID | None = None,
    exclusive: bool = False,
    instead_of: CalendarEvent | None = None,
) -> CalendarEvent:
    """Create an event, exactly once. It is `unknown` where the provider gave no answer.

    Args:
        idempotency: of the Idempotency-Key; an event that was begun under it is returned.
        exclusive: only where no other event that AVA created there takes the time.
        instead_of: the event that is moved, whose time counts as free.

    Raises: UnknownCalendar, StubsDisabled, NotConnected, ReconnectRequired, SlotTaken,
        EventRefused, NoCalendar, ProviderProblem: nothing is created.
    """
    require_known(provider)
    begun = CalendarEvent.objects.filter(idempotency=idempotency) if idempotency else None
    if begun is not None and (row := begun.first()):
        return row
    connection = connections.find(user=user, provider=provider)
    if connection is None:
        raise connections.not_connected(user=user, provider=provider)
    tz = ZoneInfo(event.time_zone)
    row = CalendarEvent(
        owner=user,
        provider=provider,
        account=connection.account,
        title=event.title,
        start=event.start.isoformat(),
        end=event.end.isoformat(),
        time_zone=event.time_zone,
        location=event.location,
        description=event.description,
        attendees=[*event.attendees],
        starts_at=times.moment(event.start, tz),
        ends_at=times.moment(event.end, tz),
        exclusive=exclusive,
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    try:
        with transaction.atomic():
            if exclusive:
                _require_free(row, instead_of)
            keyed.begin(row)
    except IntegrityError:
        if begun is not None and (row_begun := begun.first()):
            return row_begun
        raise SlotTaken from None
    return keyed.carry_out(row, CHANNEL)


def book(
    *,
    user: User,
    provider: str,
    event: NewEvent,
    idempotency: uuid.UUID | None,
    instead_of: CalendarEvent | None = None,
) -> CalendarEvent:
    """Create an event at a time that no other one of AVA's has. Arguments and Raises: as
    `create`."""
    begin = partial(
        create,
        user=user,
        provider=provider,
        event=event,
        idempotency=idempotency,
        exclusive=True,
        instead_of=instead_of,
    )
    try:
        return begin()
    except SlotTaken:
        tz = ZoneInfo(event.time_zone)
        start, end = times.moment(event.start, tz), times.moment(event.end, tz)
        is_known = Q(status__in=(TENTATIVE, CONFIRMED)) | GIVEN_UP
        rows = held.holding(user.pk, provider, start, end).filter(is_known)
        # People delete and move events in their calendar: AVA's row may be out of date.
        changed = [held.refreshed(row) for row in rows[:MOST_ASKED]]
        if not any(changed):
            raise
    return begin()


def delete(*, user: User, provider: str, event_id: str) -> None:
    """Delete an event, and tell its attendees.

    Args:
        event_id: the provider's ID, or that of a row that AVA created.

    Raises: UnknownCalendar, StubsDisabled, NotConnected, ReconnectRequired, EventNotFound,
        EventUnsettled, ProviderProblem.
    """
    require_known(provider)
    row = held.named(user.pk, provider, event_id)
    if row and row.status in UNSENT and not row.error:
        raise EventUnsettled
    reference = (row.reference if row else "") or event_id
    if row and row.status in UNSENT and is_elsewhere(row) is False:
        # Given up: what the calendar has of it is found by its key.
        found = held.found_for(row)
        if found is None:
            held.mark_deleted(row, source=Source.USER, detail="The calendar does not have it.")
            return
        reference = found.id
    try:
        ask(lambda calendar: calendar.delete(reference), user=user, provider=provider)
    except EventNotFound:
        # One that was there is gone: deleted elsewhere, or by a request whose answer got lost.
        is_gone = row is not None and (row.status == DELETED or not row.is_final)
        if row is None or not is_gone or is_elsewhere(row) is not False:
            raise
    if row and row.status != DELETED:
        held.mark_deleted(row, source=Source.USER, detail="Deleted.")


def pursue(event_id: str) -> None:
    """Do what is to be done about an event now. Raises RetryLater: there is more to do later."""
    rows = CalendarEvent.objects.select_related("owner").filter(pk=event_id)
    if row := rows.first():
        keyed.pursue(row, CHANNEL)


def sweep() -> None:
    """Take up what a crash left undone."""
    keyed.revive(CalendarEvent, within=CHANNEL.validity + timedelta(hours=2))


def _require_free(row: CalendarEvent, instead_of: CalendarEvent | None) -> None:
    """Raises: SlotTaken. One after the other for a calendar: its connection is locked."""
    connection = Connection.objects.filter(user_id=row.owner_id, provider=row.provider)
    connection.select_for_update().first()
    taken = held.holding(row.owner_id, row.provider, row.starts_at, row.ends_at)
    if instead_of:
        taken = taken.exclude(pk=instead_of.pk)
    if taken.exists():
        raise SlotTaken
