"""Feed for calendar apps (iCalendar, RFC 5545): the events that AVA created, by a secret."""

import hashlib
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.calendar.events.errors import FeedNotFound
from integrations.calendar.events.records import CONFIRMED, TENTATIVE, read_when
from integrations.calendar.models import CalendarEvent, CalendarFeed

PAST, FUTURE = timedelta(days=30), timedelta(days=366)
MOST = 1000


def make(*, user: User) -> str:
    """The secret of a new feed, which ends the one before."""
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    CalendarFeed.objects.update_or_create(
        user_id=user.pk, defaults={"digest": _digest(secret), "created_at": now}
    )
    return secret


def find(*, user: User) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(user_id=user.pk).first()


def end(*, user: User) -> None:
    CalendarFeed.objects.filter(user_id=user.pk).delete()


def owner(secret: str) -> int:
    """Whose feed a secret opens. Raises: FeedNotFound."""
    feed = CalendarFeed.objects.filter(digest=_digest(secret), user__is_active=True).first()
    if feed is None:
        raise FeedNotFound
    return feed.user_id


def written(*, user_id: int, now: datetime) -> bytes:
    """The user's events around now as iCalendar."""
    from icalendar import Calendar, Event  # 9 MiB that most processes never need

    calendar = Calendar()
    calendar.add("prodid", "-//AVA//calendar feed//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "AVA")
    rows = CalendarEvent.objects.filter(
        owner_id=user_id,
        status__in=(CONFIRMED, TENTATIVE),
        ends_at__gte=now - PAST,
        starts_at__lte=now + FUTURE,
    )
    for row in rows.order_by("starts_at", "pk")[:MOST]:
        event = Event()
        event.add("uid", f"{row.pk}@ava")
        event.add("dtstamp", row.updated_at)
        event.add("summary", _plain(row.title))
        for name, value in (("dtstart", row.start), ("dtend", row.end)):
            when = read_when(value)
            tz = ZoneInfo("UTC")
            event.add(name, when.astimezone(tz) if isinstance(when, datetime) else when)
        event.add("status", row.status.upper())
        if row.location:
            event.add("location", _plain(row.location))
        if row.description:
            event.add("description", _plain(row.description))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _plain(text: str) -> str:
    """The text without control characters, for which calendar apps refuse a whole feed."""
    return "".join(one for one in text if one.isprintable() or one in "\r\n")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
