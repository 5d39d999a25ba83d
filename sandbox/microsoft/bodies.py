"""Bodies of events as apps send them: what Graph keeps of them, and when they take place.

https://learn.microsoft.com/en-us/graph/api/user-post-events
"""

import re
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from sandbox.calendars.recurrence import Rule
from sandbox.calendars.store import Fields
from sandbox.calendars.timing import Timing
from sandbox.calendars.zones import UnknownZoneError, instant, read_time, wall_time, zone
from sandbox.microsoft.errors import RefusedError
from sandbox.microsoft.recurrence import parse_recurrence

_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


# What an app may set, and what each must be. Null counts as not there.
SETTABLE: dict[str, Callable[[Any], bool]] = {
    "subject": _is_text,
    "body": lambda value: _is_object(value) and _is_text(value.get("content", "")),
    "start": _is_object,
    "end": _is_object,
    "isAllDay": _is_flag,
    "location": _is_object,
    "locations": _is_list,
    "attendees": _is_list,
    "recurrence": _is_object,
    "transactionId": _is_text,
    "showAs": _one_of("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"),
    "sensitivity": _one_of("normal", "personal", "private", "confidential"),
    "importance": _one_of("low", "normal", "high"),
    "isReminderOn": _is_flag,
    "reminderMinutesBeforeStart": lambda value: isinstance(value, int),
    "categories": _is_list,
    "responseRequested": _is_flag,
    "allowNewTimeProposals": _is_flag,
    "hideAttendees": _is_flag,
    "isOnlineMeeting": _is_flag,
}


def kept_fields(body: Fields) -> Fields:
    """The fields of a new event, checked. Raises: RefusedError, also for an unknown one."""
    for name, value in body.items():
        if name not in SETTABLE:
            raise RefusedError(
                400,
                "RequestBodyRead",
                f"The property '{name}' does not exist on type 'microsoft.graph.event'. Make sure "
                "to only use property names that are defined by the type or mark the type as open "
                "type.",
            )
        if value is not None and not SETTABLE[name](value):
            raise RefusedError(
                400, "RequestBodyRead", f"Cannot convert the value of property '{name}'."
            )
    fields = {name: value for name, value in body.items() if value is not None}
    fields["attendees"] = [_attendee(one) for one in fields.get("attendees", [])]
    return fields


def timing_of(fields: Fields) -> Timing:
    """When an event takes place. Raises: RefusedError."""
    all_day = bool(fields.get("isAllDay"))
    start, zone_name = clock_time(fields.get("start"), "Start")
    end, end_zone = clock_time(fields.get("end"), "End")
    if all_day and (start.time() != time() or end.time() != time() or zone_name != end_zone):
        raise RefusedError(
            400,
            "ErrorInvalidRequest",
            "The Event.Start property for an all-day event needs to be set to midnight.",
        )
    begins, ends = instant(start, zone_name), instant(end, end_zone)
    if begins > ends:
        raise RefusedError(
            400,
            "ErrorCalendarEndDateIsEarlierThanStartDate",
            "The end date of the event is earlier than its start date.",
        )
    if all_day and begins == ends:
        raise RefusedError(
            400, "ErrorInvalidRequest", "The duration of an all-day event is at least 24 hours."
        )
    if end_zone != zone_name:
        end = wall_time(ends, zone_name)
    return Timing(start, end, zone_name, all_day, _rule(fields.get("recurrence")))


def clock_time(given: Any, side: str) -> tuple[datetime, str]:
    """Clock time and time zone of a dateTimeTimeZone. Raises: RefusedError."""
    if not isinstance(given, dict) or not isinstance(given.get("dateTime"), str):
        raise RefusedError(
            400, "ErrorPropertyValidationFailure", f"The property '{side}' is required."
        )
    name = given.get("timeZone") or "UTC"
    check_zone(name)
    try:
        moment = read_time(given["dateTime"])
    except ValueError:
        raise RefusedError(
            400, "RequestBodyRead", f"Cannot convert the value of '{side}/dateTime'."
        ) from None
    return (wall_time(moment, name) if moment.tzinfo else moment), name


def check_zone(name: Any) -> None:
    """Raises: RefusedError for what is no time zone's name."""
    try:
        zone(name)
    except UnknownZoneError:
        raise RefusedError(
            400,
            "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. The following TimeZone value is not "
            f"supported: '{name}'.",
        ) from None


def _rule(given: Any) -> Rule | None:
    try:
        return None if given is None else parse_recurrence(given)
    except ValueError:
        raise RefusedError(
            400, "ErrorPropertyValidationFailure", "The recurrence pattern is not valid."
        ) from None


def _attendee(given: Any) -> Fields:
    person = given.get("emailAddress") if isinstance(given, dict) else None
    if not isinstance(person, dict):
        person = {}
    address = person.get("address")
    if not isinstance(address, str) or not _EMAIL.fullmatch(address):
        raise RefusedError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    kind = given.get("type", "required")
    return {
        "type": kind if kind in ("required", "optional", "resource") else "required",
        "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": person.get("name") or address, "address": address},
    }
