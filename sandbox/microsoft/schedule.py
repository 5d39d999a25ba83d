"""Free and busy times of people in the organisation.

https://learn.microsoft.com/en-us/graph/api/calendar-getschedule
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.calendars.store import Calendar, Event, Fields
from sandbox.calendars.timing import Occurrence
from sandbox.calendars.zones import instant
from sandbox.microsoft.bodies import clock_time
from sandbox.microsoft.errors import RefusedError
from sandbox.microsoft.resources import Preferences, date_time

LONGEST = timedelta(days=62)
# The digit of each status in `availabilityView`, the strongest last.
_DIGITS = {"free": "0", "workingElsewhere": "4", "tentative": "1", "busy": "2", "oof": "3"}
_STRENGTH = list(_DIGITS)
_WORKING_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def schedules(
    calendars: Mapping[str, Calendar], mine: Calendar, body: Fields, prefer: Preferences
) -> list[Fields]:
    """A schedule for each address that the body names. Raises: RefusedError."""
    given = {name.lower(): value for name, value in body.items()}
    names = given.get("schedules")
    if not isinstance(names, list) or not names:
        raise RefusedError(400, "ErrorInvalidParameter", "The parameter 'Schedules' is required.")
    after, before = (
        instant(*clock_time(given.get(side.lower()), side)) for side in ("StartTime", "EndTime")
    )
    step = given.get("availabilityviewinterval", 30)
    if not isinstance(step, int) or not 5 <= step <= 1440:
        wrong = "The availability view interval must be between 5 and 1440 minutes."
        raise RefusedError(400, "ErrorInvalidParameter", wrong)
    if after >= before:
        raise RefusedError(400, "ErrorInvalidTimeInterval", "The end must be after the start.")
    return [
        _schedule(calendars, mine, str(name), after, before, timedelta(minutes=step), prefer)
        for name in names
    ]


def _schedule(
    calendars: Mapping[str, Calendar],
    mine: Calendar,
    name: str,
    after: datetime,
    before: datetime,
    step: timedelta,
    prefer: Preferences,
) -> Fields:
    calendar = calendars.get(name.lower())
    if calendar is None:
        return _failed(name, "ErrorMailRecipientNotFound", "The recipient was not found.")
    if before - after > LONGEST:
        return _failed(name, "ErrorTimeIntervalTooBig", "The allowed limit is 62 days.")
    found = sorted(_taken(calendar, after, before), key=lambda row: row[1].start)
    return {
        "scheduleId": name,
        "availabilityView": _view(found, after, before, step),
        "scheduleItems": [
            _item(event, occurrence, prefer, whole=calendar is mine) for event, occurrence in found
        ],
        "workingHours": {
            "daysOfWeek": _WORKING_DAYS,
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": calendar.zone_name},
        },
    }


def _failed(name: str, code: str, message: str) -> Fields:
    return {"scheduleId": name, "error": {"message": message, "responseCode": code}}


def _taken(
    calendar: Calendar, after: datetime, before: datetime
) -> Iterator[tuple[Event, Occurrence]]:
    for event in calendar.events():
        if not event.deleted:
            for occurrence in event.timing.between(after, before, calendar.zone_name):
                yield event, occurrence


def _status(event: Event) -> str:
    return str(event.fields.get("showAs", "busy"))


def _view(
    found: list[tuple[Event, Occurrence]], after: datetime, before: datetime, step: timedelta
) -> str:
    digits, begin = "", after
    while begin < before:
        end = min(begin + step, before)
        taken = [
            _status(event)
            for event, occurrence in found
            if occurrence.start < end and occurrence.end > begin
        ]
        known = [status for status in taken if status in _DIGITS]
        digits += _DIGITS[max(known, key=_STRENGTH.index)] if known else "0"
        begin += step
    return digits


def _item(event: Event, occurrence: Occurrence, prefer: Preferences, *, whole: bool) -> Fields:
    private = event.fields.get("sensitivity", "normal") in ("private", "confidential")
    times: dict[str, Any] = {
        "status": _status(event),
        "start": date_time(occurrence.start, prefer.zone_name),
        "end": date_time(occurrence.end, prefer.zone_name),
    }
    if not whole:
        return times
    return {
        "isPrivate": private,
        **times,
        "subject": event.fields.get("subject", ""),
        "location": event.fields.get("location", {}).get("displayName", ""),
        "isMeeting": bool(event.fields["attendees"]),
        "isRecurring": event.timing.rule is not None,
        "isException": False,
        "isReminderSet": event.fields.get("isReminderOn", True),
    }
