"""Events of Google's calendars: list, get, insert, patch, delete.

https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

import base64
import binascii
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.calendars.store import Calendar, Event, EventEffects, Fields
from sandbox.calendars.timing import Occurrence
from sandbox.calendars.zones import UnknownZoneError, read_time, zone
from sandbox.clock import iso_time, utc_now
from sandbox.google.bodies import kept_fields, own_id, parse_moment, timing_of
from sandbox.google.errors import RefusedError
from sandbox.google.resources import (
    DEFAULT_REMINDERS,
    event_resource,
    instance_resource,
    stamp,
)

DEFAULT_PAGE, LARGEST_PAGE = 250, 2500
# How far a series without an end is expanded where no timeMax is given.
HORIZON = timedelta(days=730)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(9990, 1, 1, tzinfo=UTC)


def insert(calendar: Calendar, effects: EventEffects, body: Fields) -> Fields:
    """Make an event. Raises: RefusedError, also for an id that is taken, by a deleted one too."""
    fields = kept_fields(body)
    timing = timing_of(fields, calendar.zone_name)
    chosen = own_id(body)
    with calendar.lock:
        if chosen and calendar.get(chosen):
            taken = "The requested identifier already exists."
            raise RefusedError(409, "duplicate", taken)
        event = calendar.add(chosen or _new_id(), timing, fields, utc_now())
    guests = [one["email"] for one in fields.get("attendees", [])]
    title = fields.get("summary", "")
    effects.created("google", calendar, event, title=title, attendees=guests)
    return event_resource(calendar, event, calendar.zone_name)


def get(calendar: Calendar, event_id: str, query: Mapping[str, str]) -> Fields:
    """One event, a deleted one as cancelled, or one instance of a series. Raises: RefusedError."""
    event, occurrence = _find(calendar, event_id)
    zone_name = _zone_name(calendar, query)
    if occurrence:
        return instance_resource(calendar, event, occurrence, zone_name)
    return event_resource(calendar, event, zone_name)


def patch(calendar: Calendar, event_id: str, body: Fields) -> Fields:
    """Change the given fields of an event. Raises: RefusedError."""
    event, occurrence = _find(calendar, event_id)
    if occurrence:
        raise RefusedError(400, "invalid", "The sandbox does not change instances.")
    merged = {**event.fields, **{name: value for name, value in body.items() if name != "id"}}
    fields = kept_fields(merged)
    changes: dict[str, Any] = {"fields": fields, "timing": timing_of(fields, calendar.zone_name)}
    return event_resource(calendar, calendar.change(event, **changes), calendar.zone_name)


def delete(calendar: Calendar, effects: EventEffects, event_id: str) -> None:
    """Take back an event, a series or one instance. Raises: RefusedError, the second time too."""
    with calendar.lock:
        event, occurrence = _find(calendar, event_id)
        if event.deleted:
            raise RefusedError(410, "deleted", "Resource has been deleted")
        if occurrence:
            excluded = event.timing.excluded | {occurrence.wall_start}
            calendar.change(event, timing=replace(event.timing, excluded=excluded))
        else:
            calendar.change(event, deleted=True)
            effects.deleted(event.id)


def list_events(calendar: Calendar, query: Mapping[str, str]) -> Fields:
    """A page of the events in a window. Raises: RefusedError."""
    if "syncToken" in query:
        gone = "Sync token is no longer valid, a full sync is required."
        raise RefusedError(410, "fullSyncRequired", gone, location=("parameter", "syncToken"))
    single, ordered = _flag(query, "singleEvents"), query.get("orderBy")
    if ordered == "startTime" and not single:
        wrong = "The requested ordering is not available for the particular query."
        raise RefusedError(400, "badRequest", wrong)
    after, before = _bound(query, "timeMin", EARLIEST), _bound(query, "timeMax", LATEST)
    if after >= before:
        place = ("parameter", "timeMax")
        message = "The specified time range is empty."
        raise RefusedError(400, "timeRangeEmpty", message, location=place)
    if "timeMax" not in query:
        before = min(max(after, utc_now()) + HORIZON, LATEST) if single else LATEST
    zone_name = _zone_name(calendar, query)
    found = [
        (occurrence.start, event, occurrence)
        for event in calendar.events()
        if (not event.deleted or _flag(query, "showDeleted")) and _matches(event, query)
        for occurrence in _in_window(event, after, before, calendar.zone_name, single)
    ]
    if ordered == "updated":
        found.sort(key=lambda row: row[1].updated)
    elif ordered:
        found.sort(key=lambda row: row[0])
    size = min(_whole(query, "maxResults", DEFAULT_PAGE), LARGEST_PAGE)
    offset = _offset(query.get("pageToken", ""))
    page = [
        instance_resource(calendar, event, occurrence, zone_name)
        if single
        else event_resource(calendar, event, zone_name)
        for _, event, occurrence in found[offset : offset + size]
    ]
    more = offset + size < len(found)
    token = {"nextPageToken": _token(offset + size)} if more else {"nextSyncToken": _token(0)}
    return {
        "kind": "calendar#events",
        "etag": '"sandbox-events"',
        "summary": calendar.account.email,
        "description": "",
        "updated": iso_time(max((event.updated for event in calendar.events()), default=EARLIEST)),
        "timeZone": zone_name,
        "accessRole": "owner",
        "defaultReminders": DEFAULT_REMINDERS,
        **token,
        "items": page,
    }


def _in_window(
    event: Event, after: datetime, before: datetime, zone_name: str, single: bool
) -> Iterator[Occurrence]:
    found = event.timing.between(after, before, zone_name)
    if single:
        yield from found
    elif first := next(found, None):
        yield first


def _find(calendar: Calendar, event_id: str) -> tuple[Event, Occurrence | None]:
    """An event, and the occurrence where the id is that of an instance. Raises: RefusedError."""
    if event := calendar.get(event_id):
        return event, None
    series_id, _, wanted = event_id.rpartition("_")
    series = calendar.get(series_id)
    if series and series.timing.rule:
        day = _day(wanted)
        window = (day - timedelta(days=2), day + timedelta(days=3))
        for occurrence in series.timing.between(*window, calendar.zone_name):
            if stamp(series, occurrence) == wanted:
                return series, occurrence
    raise RefusedError(404, "notFound", "Not Found")


def _day(text: str) -> datetime:
    try:
        return read_time(f"{text[:4]}-{text[4:6]}-{text[6:8]}T00:00Z")
    except ValueError:
        raise RefusedError(404, "notFound", "Not Found") from None


def _matches(event: Event, query: Mapping[str, str]) -> bool:
    if query.get("iCalUID", f"{event.id}@google.com") != f"{event.id}@google.com":
        return False
    if "updatedMin" in query and event.updated < _bound(query, "updatedMin", EARLIEST):
        return False
    fields = event.fields
    guests = [" ".join(map(str, one.values())) for one in fields.get("attendees", [])]
    texts = [fields.get(name, "") for name in ("summary", "description", "location")]
    whole = " ".join([*texts, *guests]).lower()
    return all(word in whole for word in query.get("q", "").lower().split())


def _bound(query: Mapping[str, str], name: str, default: datetime) -> datetime:
    try:
        return parse_moment(query[name]) if name in query else default
    except ValueError:
        raise RefusedError(400, "badRequest", "Bad Request") from None


def _zone_name(calendar: Calendar, query: Mapping[str, str]) -> str:
    name = query.get("timeZone", calendar.zone_name)
    try:
        zone(name)
    except UnknownZoneError:
        place = ("parameter", "timeZone")
        raise RefusedError(400, "invalid", "Invalid Value", location=place) from None
    return name


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() == "true"


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
        raise RefusedError(400, "invalid", "Invalid Value", location=("parameter", name))
    return int(text)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page {offset}".encode()).decode()


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page "))
    except (ValueError, binascii.Error):
        place = ("parameter", "pageToken")
        raise RefusedError(400, "invalid", "Invalid Value", location=place) from None


def _new_id() -> str:
    return base64.b32hexencode(uuid.uuid4().bytes).decode().lower().rstrip("=")
