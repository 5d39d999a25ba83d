"""Free and busy times of Google's calendars.

https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.calendars.store import Calendar, Fields
from sandbox.calendars.timing import merged
from sandbox.calendars.zones import UnknownZoneError, zone
from sandbox.google.bodies import parse_moment
from sandbox.google.errors import RefusedError
from sandbox.google.resources import show_moment

MOST_CALENDARS = 50


def free_busy(find: Callable[[str], Calendar | None], body: Fields) -> Fields:
    """Busy times of the calendars that the body names; an unknown one has an error instead.

    Raises: RefusedError.
    """
    after, before = (_bound(body, name) for name in ("timeMin", "timeMax"))
    if after >= before:
        raise RefusedError(400, "timeRangeEmpty", "The specified time range is empty.")
    zone_name = body.get("timeZone") or "UTC"
    try:
        zone(zone_name)
    except UnknownZoneError:
        raise RefusedError(400, "invalid", "Invalid time zone.") from None
    items = body.get("items", [])
    if not isinstance(items, list):
        raise RefusedError(400, "parseError", "Parse Error")
    named = [one.get("id") for one in items if isinstance(one, dict)]
    if len(named) > MOST_CALENDARS:
        wrong = "The number of calendars requested is too large for a single query."
        raise RefusedError(400, "tooManyCalendarsRequested", wrong)
    found: Fields = {}
    for name in named:
        calendar = find(str(name))
        if calendar is None:
            error = {"domain": "global", "reason": "notFound"}
            found[str(name)] = {"errors": [error], "busy": []}
            continue
        spans = [
            (occurrence.start, occurrence.end)
            for event in calendar.events()
            if not event.deleted and event.fields.get("transparency") != "transparent"
            for occurrence in event.timing.between(after, before, calendar.zone_name)
        ]
        found[str(name)] = {
            "busy": [
                {"start": show_moment(start, zone_name), "end": show_moment(end, zone_name)}
                for start, end in merged(spans, after, before)
            ]
        }
    return {
        "kind": "calendar#freeBusy",
        "timeMin": f"{after.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "timeMax": f"{before.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "calendars": found,
    }


def _bound(body: Fields, name: str) -> datetime:
    if not body.get(name):
        raise RefusedError(400, "required", f"Missing {name} parameter.")
    try:
        return parse_moment(body[name])
    except ValueError:
        raise RefusedError(400, "badRequest", "Bad Request") from None
