"""Resources of Google's calendar API, as it shows them."""

import base64
from datetime import UTC, datetime
from typing import Any

from sandbox.calendars.store import Calendar, Event, Fields
from sandbox.calendars.timing import Occurrence
from sandbox.calendars.zones import zone
from sandbox.clock import iso_time


def event_resource(calendar: Calendar, event: Event, zone_name: str) -> Fields:
    """An event, or a series as one, with its times in a time zone."""
    return _resource(calendar, event, event.timing.first(zone_name), zone_name)


def instance_resource(
    calendar: Calendar, event: Event, occurrence: Occurrence, zone_name: str
) -> Fields:
    """One occurrence; of a single event that event itself."""
    shown = _resource(calendar, event, occurrence, zone_name)
    if event.timing.rule is None:
        return shown
    shown.pop("recurrence", None)
    return {
        **shown,
        "id": f"{event.id}_{stamp(event, occurrence)}",
        "recurringEventId": event.id,
        "originalStartTime": shown["start"],
    }


def stamp(event: Event, occurrence: Occurrence) -> str:
    """The end of an occurrence's id: its first start, in UTC."""
    if event.timing.all_day:
        return f"{occurrence.wall_start:%Y%m%d}"
    return f"{occurrence.start:%Y%m%dT%H%M%SZ}"


def calendar_resource(calendar: Calendar) -> Fields:
    """A calendar."""
    return {
        "kind": "calendar#calendar",
        "etag": '"sandbox-calendar-1"',
        "id": calendar.account.email,
        "summary": calendar.account.email,
        "timeZone": calendar.zone_name,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }


def list_entry(calendar: Calendar) -> Fields:
    """A calendar as the list of calendars has it."""
    return {
        **calendar_resource(calendar),
        "kind": "calendar#calendarListEntry",
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": "owner",
        "defaultReminders": DEFAULT_REMINDERS,
        "primary": True,
    }


DEFAULT_REMINDERS = [{"method": "popup", "minutes": 10}]


def show_moment(moment: datetime, zone_name: str) -> str:
    """A moment of RFC 3339 in a time zone; UTC as Z."""
    return moment.astimezone(zone(zone_name)).isoformat().replace("+00:00", "Z")


def _resource(calendar: Calendar, event: Event, when: Occurrence, zone_name: str) -> Fields:
    email = calendar.account.email
    person = {"email": email, "self": True}
    link = base64.urlsafe_b64encode(f"{event.id} {email}".encode()).rstrip(b"=").decode()
    own: Fields = {name: value for name, value in event.fields.items() if value != ""}
    return {
        "kind": "calendar#event",
        "etag": f'"{int(event.created.astimezone(UTC).timestamp() * 1000)}{event.revision}"',
        "id": event.id,
        "htmlLink": f"https://www.google.com/calendar/event?eid={link}",
        "created": iso_time(event.created),
        "updated": iso_time(event.updated),
        "creator": person,
        "organizer": person,
        "iCalUID": f"{event.id}@google.com",
        "sequence": event.revision,
        "reminders": {"useDefault": True},
        "eventType": "default",
        **own,
        "status": "cancelled" if event.deleted else event.fields.get("status", "confirmed"),
        "start": _side(event, when, "start", zone_name),
        "end": _side(event, when, "end", zone_name),
    }


def _side(event: Event, when: Occurrence, side: str, zone_name: str) -> dict[str, Any]:
    if event.timing.all_day:
        wall = when.wall_start if side == "start" else when.wall_end
        return {"date": f"{wall:%Y-%m-%d}"}
    moment = when.start if side == "start" else when.end
    home = event.fields[side].get("timeZone") or event.timing.zone_name
    return {"dateTime": show_moment(moment, zone_name), "timeZone": home}
