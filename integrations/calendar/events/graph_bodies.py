"""Events in Microsoft Graph's JSON, read and written. Pure.

https://learn.microsoft.com/graph/api/resources/event
"""

import uuid
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.calendar.events import times
from integrations.calendar.events.bodies import Body, inner, items, link, name, text
from integrations.calendar.events.records import (
    CANCELLED,
    CONFIRMED,
    TENTATIVE,
    Event,
    NewEvent,
    NoRecord,
    When,
)
from integrations.calendar.events.times import WrongTime

# What `showAs` calls time that others may have.
_FREE: Final = frozenset({"free", "workingElsewhere"})


def event_of(found: Body) -> Event:
    """An event as Graph gives it, in UTC. Raises: NoRecord."""
    zone = zone_of(name(found.get("originalStartTimeZone")))
    all_day = found.get("isAllDay") is True
    if not name(found.get("id")):
        raise NoRecord
    status = TENTATIVE if found.get("showAs") == "tentative" else CONFIRMED
    return Event(
        id=name(found["id"]),
        title=text(found.get("subject")),
        start=_when(found.get("start"), zone, all_day=all_day),
        end=_when(found.get("end"), zone, all_day=all_day),
        time_zone=zone.key if zone else "",
        location=text(inner(found.get("location")).get("displayName")),
        attendees=tuple(_addresses(found)),
        status=CANCELLED if found.get("isCancelled") is True else status,
        html_link=link(found.get("webLink")),
    )


def is_busy(found: Body) -> bool:
    return found.get("showAs") not in _FREE and found.get("isCancelled") is not True


def matches(found: Body, search: str) -> bool:
    """Whether an event holds a text: in its title, place, beginning of its description, or an
    attendee's address."""
    place = inner(found.get("location")).get("displayName")
    texts = [found.get("subject"), place, found.get("bodyPreview"), *_addresses(found)]
    return any(search.casefold() in text(one).casefold() for one in texts)


def body_of(key: uuid.UUID, new: NewEvent) -> Body:
    """A new event, with the key as its `transactionId`."""
    body: dict[str, Any] = {
        "transactionId": str(key),
        "subject": new.title,
        "isAllDay": new.all_day,
        "start": _given(new.start, new),
        "end": _given(new.end, new),
    }
    body |= {"location": {"displayName": new.location}} if new.location else {}
    if new.description:
        body["body"] = {"contentType": "text", "content": new.description}
    if new.attendees:
        body["attendees"] = [
            {"type": "required", "emailAddress": {"address": address}} for address in new.attendees
        ]
    return body


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, or of one that Windows knows; None where there is none."""
    try:
        return times.zone(name)
    except WrongTime:
        pass
    # 9 MiB that no process needs without a mailbox of Windows time zones.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    known = WINDOWS_TO_OLSON.get(name)
    return ZoneInfo(known) if known else None


def _when(found: Any, zone: ZoneInfo | None, *, all_day: bool) -> When:
    try:
        utc = datetime.fromisoformat(inner(found)["dateTime"])
        utc = utc.astimezone(UTC) if utc.tzinfo else utc.replace(tzinfo=UTC)
        return times.nearest_day(utc, zone) if all_day else utc
    except (KeyError, TypeError, ValueError, OverflowError):
        raise NoRecord from None


def _given(when: When, new: NewEvent) -> Body:
    if not isinstance(when, datetime):
        return {"dateTime": f"{when.isoformat()}T00:00:00", "timeZone": new.time_zone}
    local = when.astimezone(ZoneInfo(new.time_zone))
    # Graph takes no offset: a time that comes twice is given in UTC.
    zone = "UTC" if times.is_ambiguous(local) else new.time_zone
    given = when.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return {"dateTime": given.isoformat(timespec="seconds"), "timeZone": zone}


def _addresses(found: Body) -> list[str]:
    named = (inner(one.get("emailAddress")) for one in items(found.get("attendees")))
    return [text(one["address"]) for one in named if text(one.get("address"))]
