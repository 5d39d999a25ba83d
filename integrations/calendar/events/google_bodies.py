"""Events in Google's JSON, read and written. Pure.

https://developers.google.com/workspace/calendar/api/v3/reference/events#resource
"""

import uuid
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.calendar.events.bodies import Body, inner, items, link, name, text
from integrations.calendar.events.records import (
    CANCELLED,
    CONFIRMED,
    TENTATIVE,
    Event,
    NewEvent,
    NoRecord,
    Slot,
    When,
)

_STATUSES: Final = (CONFIRMED, TENTATIVE, CANCELLED)


def event_of(found: Body) -> Event:
    """An event as Google gives it. Raises: NoRecord."""
    start, end = _when(found.get("start")), _when(found.get("end"))
    status = text(found.get("status")) or CONFIRMED
    if not name(found.get("id")) or isinstance(start, datetime) != isinstance(end, datetime):
        raise NoRecord
    return Event(
        id=name(found["id"]),
        title=text(found.get("summary")),
        start=start,
        end=end,
        time_zone=text(inner(found.get("start")).get("timeZone")),
        location=text(found.get("location")),
        attendees=tuple(
            text(one["email"]) for one in items(found.get("attendees")) if text(one.get("email"))
        ),
        status=status if status in _STATUSES else CONFIRMED,
        html_link=link(found.get("htmlLink")),
    )


def slot_of(found: Body) -> Slot:
    """A busy time. Raises: NoRecord."""
    return Slot(_moment(found.get("start")), _moment(found.get("end")))


def body_of(key: uuid.UUID, new: NewEvent) -> Body:
    """A new event; the key makes its ID, which takes the digits of hexadecimal numbers."""
    body: dict[str, Any] = {
        "id": key.hex,
        "summary": new.title,
        "start": _given(new.start, new.time_zone),
        "end": _given(new.end, new.time_zone),
    }
    body |= {"location": new.location} if new.location else {}
    body |= {"description": new.description} if new.description else {}
    if new.attendees:
        body["attendees"] = [{"email": address} for address in new.attendees]
    return body


def _when(found: Any) -> When:
    named = inner(found)
    if "dateTime" in named:
        return _moment(named["dateTime"])
    try:
        return date.fromisoformat(named["date"])
    except (KeyError, TypeError, ValueError):
        raise NoRecord from None


def _moment(found: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(found)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise NoRecord from None


def _given(when: When, time_zone: str) -> Body:
    if not isinstance(when, datetime):
        return {"date": when.isoformat()}
    return {
        "dateTime": when.astimezone(ZoneInfo(time_zone)).isoformat(timespec="seconds"),
        "timeZone": time_zone,
    }
