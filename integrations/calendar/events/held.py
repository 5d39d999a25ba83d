"""Time that events of AVA's hold, and rows brought up to date with their calendar."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from ava.intents.timeline import Source, changing, note
from integrations.calendar.events import times
from integrations.calendar.events.access import ask
from integrations.calendar.events.channel import find, is_elsewhere
from integrations.calendar.events.errors import EventNotFound
from integrations.calendar.events.records import CANCELLED, Event, read_when
from integrations.calendar.events.states import DELETED, HOLDING
from integrations.calendar.models import CalendarEvent


def holding(
    owner_id: int, provider: str, start: datetime, end: datetime
) -> QuerySet[CalendarEvent]:
    """Events of AVA's that take a part of this time."""
    return CalendarEvent.objects.filter(
        owner_id=owner_id,
        provider=provider,
        status__in=HOLDING,
        starts_at__lt=end,
        ends_at__gt=start,
    )


def of_window(owner_id: int, start: datetime, end: datetime) -> QuerySet[CalendarEvent]:
    """Events of AVA's in a stretch of time, in whichever calendar."""
    return CalendarEvent.objects.filter(
        owner_id=owner_id, status__in=HOLDING, starts_at__lt=end, ends_at__gt=start
    )


def named(owner_id: int, provider: str, event_id: str) -> CalendarEvent | None:
    """The event of AVA's that has this ID: the provider's, or that of its row."""
    mine = CalendarEvent.objects.filter(owner_id=owner_id, provider=provider)
    if row := mine.filter(reference=event_id).first():
        return row
    try:
        return mine.filter(pk=uuid.UUID(event_id)).first()
    except ValueError:
        return None


def shown(row: CalendarEvent) -> Event:
    return Event(
        id=row.shown_id,
        title=row.title,
        start=read_when(row.start),
        end=read_when(row.end),
        time_zone=row.time_zone,
        location=row.location,
        attendees=tuple(row.attendees),
        status=row.status,
        html_link=row.html_link,
    )


def found_for(row: CalendarEvent) -> Event | None:
    """The event as its calendar has it now, found by its key where its ID never arrived."""
    if not row.reference:
        return find(row)
    try:
        return ask(
            lambda calendar: calendar.event(row.reference), user=row.owner, provider=row.provider
        )
    except EventNotFound:
        return None


def refreshed(row: CalendarEvent) -> bool:
    """Bring a row up to date with its calendar, if that is connected. Whether it no longer is where
    it was."""
    if is_elsewhere(row) is not False:
        return False
    found = found_for(row)
    if found is None or found.status == CANCELLED:
        mark_deleted(row, source=Source.FETCH, detail="The calendar no longer has it.")
        return True
    start, end = found.start.isoformat(), found.end.isoformat()
    if (start, end) == (row.start, row.end):
        return False
    tz = ZoneInfo(row.time_zone)
    with changing(row) as locked:
        locked.start, locked.end = start, end
        locked.starts_at, locked.ends_at = (
            times.moment(found.start, tz),
            times.moment(found.end, tz),
        )
        locked.exclusive = False  # a person may put it where another one is
        note(locked, source=Source.FETCH, detail="It was moved.", now=timezone.now())
    return True


def mark_deleted(row: CalendarEvent, *, source: str, detail: str) -> None:
    with changing(row) as locked:
        locked.status, locked.updated_at = DELETED, timezone.now()
        locked.status_changed()
        note(locked, source=source, detail=detail, now=locked.updated_at)
