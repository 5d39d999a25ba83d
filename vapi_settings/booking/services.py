"""Booking tool of a user: its settings, the slots it offers, and appointments booked by it."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.calendar.events import services as calendar
from integrations.calendar.events import slots, stub, times
from integrations.calendar.events.errors import EventNotFound, SlotTaken
from integrations.calendar.events.records import NewEvent, Slot
from integrations.calendar.events.states import HOLDING
from integrations.calendar.models import CalendarEvent
from vapi_settings.models import BookingTool

DECIDING: Final = 10
"""Minutes that a caller may take to choose one of the times that were offered."""

_BOOKINGS: Final = uuid.UUID("1c0d7a3e-8b64-4c0a-9d1e-2f4b5a6c7d88")


def settings_of(user: User) -> BookingTool:
    """The user's settings; the usual ones where none are stored."""
    return BookingTool.objects.filter(user_id=user.pk).first() or BookingTool(user_id=user.pk)


def change(*, user: User, **values: Any) -> BookingTool:
    """Store the user's settings."""
    row, _ = BookingTool.objects.update_or_create(
        user_id=user.pk, defaults={**values, "updated_at": timezone.now()}
    )
    return row


def free(
    *,
    user: User,
    tool: BookingTool,
    now: datetime,
    day: datetime | None = None,
    given_up: Slot | None = None,
) -> list[Slot]:
    """Slots that may be booked, the next first.

    Args:
        day: where they begin to be looked for; None: as soon as may be.
        given_up: the time of a booking that is moved.

    Raises: StubsDisabled, ReconnectRequired, NoCalendar, and Problem of the provider.
    """
    tz = ZoneInfo(tool.time_zone)
    first, last = window(tool, now)
    return calendar.free_slots(
        user=user,
        provider=tool.calendar,
        start=max(first, day or first),
        end=last,
        duration=timedelta(minutes=tool.duration),
        time_zone=tz,
        working_hours=slots.working_hours(tool.working_hours),
        given_up=given_up,
        now=now,
    )


def is_demo(*, user: User, tool: BookingTool) -> bool:
    """Whether the slots are the stub's, of which none can be booked. Raises: StubsDisabled."""
    return stub.serves(user=user, provider=tool.calendar)


def window(tool: BookingTool, now: datetime) -> tuple[datetime, datetime]:
    """Window of time in which may be booked."""
    tz = ZoneInfo(tool.time_zone)
    last_day = times.day_of(now, tz) + timedelta(days=tool.days_ahead + 1)
    return now + timedelta(minutes=tool.notice), times.moment(last_day, tz)


def book(
    *,
    user: User,
    tool: BookingTool,
    call_id: str,
    start: datetime,
    name: str = "",
    phone: str = "",
    note: str = "",
    instead_of: datetime | None = None,
    now: datetime,
) -> CalendarEvent:
    """Book a slot, once for the call and the slot.

    Args:
        instead_of: start of the call's booking that is to be taken back afterwards.

    Raises: SlotTaken, and as `free`.
    """
    key = _key(user, tool, call_id, start)
    rows = CalendarEvent.objects.filter(idempotency=key)
    rows.exclude(status__in=HOLDING).update(idempotency=None)  # it has ended: another may be made
    if begun := rows.first():
        return begun
    former = _booked(user, tool, call_id, instead_of) if instead_of else None
    end = start + timedelta(minutes=tool.duration)
    about = [f"Name: {name}" if name else "", f"Phone: {phone}" if phone else "", note]
    event = NewEvent(
        title=f"{tool.title}: {name}"[:250] if name else tool.title,
        start=start,
        end=end,
        time_zone=tool.time_zone,
        description="\n".join(line for line in about if line),
    )
    try:
        # Slots follow one another from where one looks: the same one is found from its start.
        # What was offered a few minutes ago may be booked although its notice has begun.
        offered = now - timedelta(minutes=min(tool.notice, DECIDING))
        given_up = Slot(former.starts_at, former.ends_at) if former else None
        found = free(user=user, tool=tool, now=offered, day=start, given_up=given_up)
        if Slot(start, end) not in found:
            raise SlotTaken
        return calendar.book(
            user=user, provider=tool.calendar, event=event, idempotency=key, instead_of=former
        )
    except SlotTaken:
        if begun := rows.first():  # the call asked twice at once
            return begun
        raise


def take_back(*, user: User, tool: BookingTool, call_id: str, start: datetime) -> None:
    """Take back what was booked in the same call. Raises: as `calendar.delete`."""
    rows = CalendarEvent.objects.filter(idempotency=_key(user, tool, call_id, start))
    if not rows.exists():
        raise EventNotFound
    if row := _booked(user, tool, call_id, start):
        calendar.delete(user=user, provider=row.provider, event_id=row.shown_id)


def _booked(user: User, tool: BookingTool, call_id: str, start: datetime) -> CalendarEvent | None:
    """Event that the call has booked at that time, and not taken back."""
    key = _key(user, tool, call_id, start)
    return CalendarEvent.objects.filter(idempotency=key, status__in=HOLDING).first()


def _key(user: User, tool: BookingTool, call_id: str, start: datetime) -> uuid.UUID:
    return uuid.uuid5(_BOOKINGS, f"{user.pk} {call_id} {tool.calendar} {start.isoformat()}")
