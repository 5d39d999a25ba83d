"""Resources of Graph's calendar, as it shows them."""

import base64
import html
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sandbox.calendars.store import Calendar, Event, Fields
from sandbox.calendars.timing import Occurrence
from sandbox.calendars.zones import wall_time
from sandbox.clock import iso_time
from sandbox.microsoft.bodies import check_zone

NO_PLACE = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}
_DEFAULTS: Fields = {
    "categories": [],
    "transactionId": None,
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "responseRequested": True,
    "showAs": "busy",
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
    "allowNewTimeProposals": True,
    "isDraft": False,
    "hideAttendees": False,
    "locations": [],
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
}


@dataclass(frozen=True)
class Preferences:
    """Preferences of the header `Prefer`."""

    zone_name: str = "UTC"
    zone_given: bool = False
    text_bodies: bool = False

    def applied(self) -> dict[str, str]:
        """The header that confirms them."""
        applied = [f'outlook.timezone="{self.zone_name}"'] if self.zone_given else []
        applied += ['outlook.body-content-type="text"'] if self.text_bodies else []
        return {"Preference-Applied": ", ".join(applied)} if applied else {}


def read_preferences(header: str) -> Preferences:
    """Preferences of a `Prefer` header; unknown ones are ignored. Raises: RefusedError."""
    found = dict(re.findall(r'([\w.-]+)\s*=\s*"?([^",;]*)"?', header))
    name = found.get("outlook.timezone", "").strip()
    if name:
        check_zone(name)
    text = found.get("outlook.body-content-type", "").strip().lower() == "text"
    return Preferences(name or "UTC", bool(name), text)


def event_resource(calendar: Calendar, event: Event, prefer: Preferences) -> Fields:
    """An event, or a series as its master."""
    kind = "seriesMaster" if event.timing.rule else "singleInstance"
    return _resource(calendar, event, event.timing.first(prefer.zone_name), prefer, kind)


def view_resource(
    calendar: Calendar, event: Event, occurrence: Occurrence, prefer: Preferences
) -> Fields:
    """One occurrence; of a single event that event itself."""
    if event.timing.rule is None:
        return event_resource(calendar, event, prefer)
    shown = _resource(calendar, event, occurrence, prefer, "occurrence")
    return {
        **shown,
        "id": occurrence_id(event, occurrence),
        "seriesMasterId": event.id,
        "recurrence": None,
        "originalStart": f"{occurrence.start:%Y-%m-%dT%H:%M:%SZ}",
    }


def occurrence_id(event: Event, occurrence: Occurrence) -> str:
    """The id of an occurrence: that of its series, with its day."""
    return event.id.removesuffix("AAA=") + f"FRAAgI{occurrence.wall_start:%Y%m%d}AAA="


def calendar_resource(calendar: Calendar) -> Fields:
    """A calendar."""
    owner = calendar.account
    return {
        "id": f"AAMkAD{owner.id.replace('-', '')}AAAAAAEGAAA=",
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": "c2FuZGJveA==",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": owner.name, "address": owner.email},
    }


def date_time(moment: datetime, zone_name: str) -> dict[str, str]:
    """A moment as a dateTimeTimeZone."""
    return _clock(wall_time(moment, zone_name), zone_name)


def _clock(wall: datetime, zone_name: str) -> dict[str, str]:
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone_name}


def _resource(
    calendar: Calendar, event: Event, when: Occurrence, prefer: Preferences, kind: str
) -> Fields:
    fields, owner = event.fields, calendar.account
    key = base64.b64encode(f"{event.id[-16:]}{event.revision}".encode()).decode()
    place = {**NO_PLACE, **fields.get("location", {})}
    if event.timing.all_day:
        start, end = (
            _clock(when.wall_start, prefer.zone_name),
            _clock(when.wall_end, prefer.zone_name),
        )
    else:
        start, end = date_time(when.start, prefer.zone_name), date_time(when.end, prefer.zone_name)
    return {
        "@odata.etag": f'W/"{key}"',
        "id": event.id,
        "createdDateTime": iso_time(event.created),
        "lastModifiedDateTime": iso_time(event.updated),
        "changeKey": key,
        "originalStartTimeZone": event.timing.zone_name,
        "originalEndTimeZone": fields["end"].get("timeZone") or "UTC",
        "iCalUId": f"040000008200E00074C5B7101A82E008{event.id[6:38].upper()}",
        "seriesMasterId": None,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(event.id, safe='')}"
        "&exvsurl=1&path=/calendar/item",
        **_DEFAULTS,
        **fields,
        "type": kind,
        "bodyPreview": _text(fields)[:255],
        "body": _body(fields, prefer),
        "start": start,
        "end": end,
        "location": place,
        "locations": [place] if place["displayName"] else [],
        "recurrence": fields.get("recurrence"),
        "organizer": {"emailAddress": {"name": owner.name, "address": owner.email}},
    }


def _text(fields: Fields) -> str:
    body = fields.get("body", {})
    content = str(body.get("content", ""))
    if str(body.get("contentType", "html")).lower() == "html":
        content = html.unescape(re.sub(r"<[^>]*>", "", content))
    return content.strip()


def _body(fields: Fields, prefer: Preferences) -> dict[str, str]:
    body = fields.get("body", {})
    if prefer.text_bodies:
        return {"contentType": "text", "content": _text(fields)}
    if str(body.get("contentType", "html")).lower() == "text":
        text = html.escape(str(body.get("content", "")), quote=False)
        return {"contentType": "html", "content": f"<html><body>{text}</body></html>"}
    return {"contentType": "html", "content": str(body.get("content", ""))}
