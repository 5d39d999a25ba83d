"""Bodies of events as apps send them: what Google keeps of them, and when they take place.

https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
"""

import re
from datetime import date, datetime
from typing import Any

from sandbox.calendars.recurrence import Rule, parse_rule
from sandbox.calendars.store import Fields
from sandbox.calendars.timing import Timing
from sandbox.calendars.zones import UnknownZoneError, instant, read_time, wall_time, zone
from sandbox.google.errors import RefusedError

KEPT = (
    "summary",
    "description",
    "location",
    "start",
    "end",
    "recurrence",
    "attendees",
    "colorId",
    "extendedProperties",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "reminders",
    "source",
    "status",
    "transparency",
    "visibility",
)
_ID = re.compile(r"[0-9a-v]{5,1024}")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_CHOICES = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
}
_ANSWERS = ("needsAction", "declined", "tentative", "accepted")


def own_id(body: Fields) -> str | None:
    """The id that an app chose; None where it left that to Google. Raises: RefusedError."""
    given = body.get("id")
    if given is None:
        return None
    if not isinstance(given, str) or not _ID.fullmatch(given):
        raise _invalid("Invalid resource id value.")
    return given


def kept_fields(body: Fields) -> Fields:
    """The fields that an app may set, checked; others are ignored, as Google does.

    Raises: RefusedError.
    """
    fields = {name: body[name] for name in KEPT if body.get(name) is not None}
    for name in ("summary", "description", "location"):
        if not isinstance(fields.get(name, ""), str):
            raise RefusedError(400, "parseError", "Parse Error")
    for name, choices in _CHOICES.items():
        if fields.get(name, choices[0]) not in choices:
            raise _invalid(f"Invalid value for: {fields[name]} is not a valid value")
    if "attendees" in fields:
        fields["attendees"] = [_attendee(one) for one in _list(fields["attendees"])]
    return fields


def timing_of(fields: Fields, zone_name: str) -> Timing:
    """When an event takes place, in a calendar of a time zone. Raises: RefusedError."""
    start, start_zone, all_day = _moment(fields, "start", zone_name)
    end, end_zone, ends_on_day = _moment(fields, "end", zone_name)
    if all_day != ends_on_day:
        raise _invalid("Start and end times must either both be date or both be dateTime.")
    begins, ends = instant(start, start_zone), instant(end, end_zone)
    if begins > ends or (all_day and begins == ends):
        raise RefusedError(400, "timeRangeEmpty", "The specified time range is empty.")
    if end_zone != start_zone:
        end = wall_time(ends, start_zone)
    lines = [str(line) for line in _list(fields.get("recurrence", []))]
    if lines and not all_day and "timeZone" not in fields["start"]:
        raise RefusedError(400, "required", "Missing time zone definition for start time.")
    rule, excluded = _recurrence(lines, start_zone)
    return Timing(start, end, start_zone, all_day, rule, excluded)


def parse_moment(text: object) -> datetime:
    """A moment of RFC 3339, with its offset. Raises: ValueError."""
    moment = read_time(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _moment(fields: Fields, side: str, default_zone: str) -> tuple[datetime, str, bool]:
    """Clock time, time zone, and whether it is a whole day."""
    given = fields.get(side)
    if not isinstance(given, dict) or not ("date" in given or "dateTime" in given):
        raise RefusedError(400, "required", f"Missing {side} time.")
    name = given.get("timeZone") or default_zone
    try:
        home = zone(name)
    except UnknownZoneError:
        raise _invalid(f"Invalid time zone definition for {side} time.") from None
    try:
        if "date" in given:
            date.fromisoformat(given["date"])
            return read_time(f"{given['date']}T00:00"), default_zone, True
        moment = read_time(given["dateTime"])
    except (TypeError, ValueError):
        raise RefusedError(400, "badRequest", "Bad Request") from None
    if moment.tzinfo is not None:
        return moment.astimezone(home).replace(tzinfo=None), name, False
    if "timeZone" not in given:
        raise RefusedError(400, "required", f"Missing time zone definition for {side} time.")
    return moment, name, False


def _recurrence(lines: list[str], zone_name: str) -> tuple[Rule | None, frozenset[datetime]]:
    rule, excluded = None, set()
    try:
        for line in lines:
            name, _, value = line.partition(":")
            match name.upper().partition(";")[0]:
                case "RRULE" if rule is None:
                    rule = parse_rule(value, zone_name)
                case "EXDATE":
                    excluded |= {_exdate(one, zone_name) for one in value.split(",")}
                case _:
                    raise ValueError(line)
    except ValueError:
        raise _invalid("Invalid recurrence rule.") from None
    return rule, frozenset(excluded)


def _exdate(text: str, zone_name: str) -> datetime:
    if "T" not in text:
        return datetime.strptime(text, "%Y%m%d")
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")
    if text.endswith("Z"):
        return wall_time(moment.replace(tzinfo=zone("UTC")), zone_name)
    return moment


def _attendee(given: Any) -> Fields:
    email = given.get("email") if isinstance(given, dict) else None
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise _invalid("Invalid attendee email.")
    names = ("email", "displayName", "optional", "comment", "additionalGuests")
    known = {name: given[name] for name in names if name in given}
    answer = given.get("responseStatus", _ANSWERS[0])
    return {**known, "responseStatus": answer if answer in _ANSWERS else _ANSWERS[0]}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RefusedError(400, "parseError", "Parse Error")
    return value


def _invalid(message: str) -> RefusedError:
    return RefusedError(400, "invalid", message)
