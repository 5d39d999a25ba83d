"""Events of Graph's calendars: list, view, get, create, delete.

https://learn.microsoft.com/en-us/graph/api/resources/event
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sandbox.calendars.store import Calendar, Event, EventEffects, Fields
from sandbox.calendars.timing import Occurrence
from sandbox.calendars.zones import read_time
from sandbox.clock import utc_now
from sandbox.microsoft.bodies import kept_fields, timing_of
from sandbox.microsoft.errors import RefusedError
from sandbox.microsoft.resources import Preferences, event_resource, occurrence_id, view_resource

LONGEST_VIEW = timedelta(days=1825)
_OCCURRENCE = re.compile(r"(?P<series>.+)FRAAgI(?P<day>\d{8})AAA=")


def create(calendar: Calendar, effects: EventEffects, body: Fields, prefer: Preferences) -> Fields:
    """Make an event; for a `transactionId` that is known, the event that there is.

    Raises: RefusedError.
    """
    fields = kept_fields(body)
    timing = timing_of(fields)
    transaction = fields.get("transactionId")
    with calendar.lock:
        same = [
            event
            for event in calendar.events()
            if transaction and event.fields.get("transactionId") == transaction
        ]
        if same and not same[0].deleted:
            return event_resource(calendar, same[0], prefer)
        event = calendar.add(f"AAMkAD{uuid.uuid4().hex}AAA=", timing, fields, utc_now())
    guests = [one["emailAddress"]["address"] for one in fields["attendees"]]
    title = fields.get("subject", "")
    effects.created("microsoft", calendar, event, title=title, attendees=guests)
    return event_resource(calendar, event, prefer)


def get(calendar: Calendar, event_id: str, prefer: Preferences) -> Fields:
    """One event or occurrence. Raises: RefusedError."""
    event, occurrence = _find(calendar, event_id)
    if occurrence:
        return view_resource(calendar, event, occurrence, prefer)
    return event_resource(calendar, event, prefer)


def delete(calendar: Calendar, effects: EventEffects, event_id: str) -> None:
    """Take back an event, a series or one occurrence. Raises: RefusedError, the second time too."""
    with calendar.lock:
        event, occurrence = _find(calendar, event_id)
        if occurrence:
            excluded = event.timing.excluded | {occurrence.wall_start}
            calendar.change(event, timing=replace(event.timing, excluded=excluded))
        else:
            calendar.change(event, deleted=True)
            effects.deleted(event.id)


def all_events(calendar: Calendar, prefer: Preferences) -> list[Fields]:
    """Events and masters of series, the newest first."""
    events = [event for event in calendar.events() if not event.deleted]
    return [event_resource(calendar, event, prefer) for event in reversed(events)]


def calendar_view(
    calendar: Calendar, query: Mapping[str, str], prefer: Preferences
) -> list[Fields]:
    """Everything that takes place in a window, series expanded. Raises: RefusedError."""
    after, before = _bound(query, "startDateTime"), _bound(query, "endDateTime")
    if after > before:
        wrong = "The value of 'EndDateTime' is earlier than that of 'StartDateTime'."
        raise RefusedError(400, "ErrorInvalidParameter", wrong)
    if before - after > LONGEST_VIEW:
        wrong = "Your request exceeds the maximum number of days of a calendar view, 1825."
        raise RefusedError(400, "ErrorCalendarViewRangeTooBig", wrong)
    found = [
        (occurrence.start, event, occurrence)
        for event in calendar.events()
        if not event.deleted
        for occurrence in event.timing.between(after, before, prefer.zone_name)
    ]
    found.sort(key=lambda row: row[0])
    return [view_resource(calendar, event, occurrence, prefer) for _, event, occurrence in found]


def _bound(query: Mapping[str, str], name: str) -> datetime:
    given = {key.lower(): value for key, value in query.items()}.get(name.lower())
    if not given:
        wrong = (
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime."
        )
        raise RefusedError(400, "ErrorInvalidParameter", wrong)
    try:
        moment = read_time(given)
    except ValueError:
        wrong = f"The value '{given}' of parameter '{name}' is invalid."
        raise RefusedError(400, "ErrorInvalidParameter", wrong) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _find(calendar: Calendar, event_id: str) -> tuple[Event, Occurrence | None]:
    event = calendar.get(event_id)
    if event and not event.deleted:
        return event, None
    if parts := _OCCURRENCE.fullmatch(event_id):
        series = calendar.get(parts["series"] + "AAA=")
        day = _day(parts["day"])
        if series and not series.deleted and series.timing.rule:
            window = (day - timedelta(days=2), day + timedelta(days=3))
            for occurrence in series.timing.between(*window, "UTC"):
                if occurrence_id(series, occurrence) == event_id:
                    return series, occurrence
    raise RefusedError(404)


def _day(text: str) -> datetime:
    try:
        return read_time(f"{text[:4]}-{text[4:6]}-{text[6:]}T00:00Z")
    except ValueError:
        raise RefusedError(404) from None
