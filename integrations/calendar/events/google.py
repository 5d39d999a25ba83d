"""Google Calendar client: the user's primary calendar.

https://developers.google.com/workspace/calendar/api/v3/reference
"""

import uuid
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ava.upstream import ProviderUnreachable
from integrations.calendar.events import google_bodies
from integrations.calendar.events.bodies import Body, events_of, inner, items, name
from integrations.calendar.events.client import CalendarClient, checked_id
from integrations.calendar.events.errors import (
    AlreadyCreated,
    CursorEnded,
    EventGone,
    EventNotFound,
    EventRefused,
)
from integrations.calendar.events.records import Event, NewEvent, NoRecord, Page, Slot
from integrations.calendar.providers import GOOGLE

_EVENTS: Final = "/calendar/v3/calendars/primary/events"


class GoogleCalendar(CalendarClient):
    """Google Calendar of a user. Each method also raises ProviderProblem and NoCalendar."""

    service = GOOGLE

    def events(
        self, start: datetime, end: datetime, *, limit: int, search: str = "", cursor: str = ""
    ) -> Page:
        """Events that overlap a window, by start, recurring ones expanded. Raises: CursorEnded."""
        params = {
            "timeMin": start.isoformat(),
            "timeMax": end.isoformat(),
            "singleEvents": "true",
            "orderBy": "startTime",
            "maxResults": limit,
            "timeZone": "UTC",
        }
        params |= {"q": search} if search else {}
        params |= {"pageToken": cursor} if cursor else {}
        try:
            found = self._ask("GET", _EVENTS, params=params)
        except (EventNotFound, EventRefused) as refusal:
            raise (CursorEnded() if cursor else refusal) from None
        return Page(
            tuple(events_of(found.get("items"), google_bodies.event_of)),
            name(found.get("nextPageToken")),
        )

    def event(self, event_id: str) -> Event:
        """One event. Raises: EventNotFound."""
        found = self._ask("GET", _path(event_id), params={"timeZone": "UTC"})
        return self._read(found)

    def busy(self, start: datetime, end: datetime, tz: ZoneInfo) -> list[Slot]:
        """Busy times of the calendar."""
        body = {
            "timeMin": start.isoformat(),
            "timeMax": end.isoformat(),
            "timeZone": "UTC",
            "items": [{"id": "primary"}],
        }
        answer = self._ask("POST", "/calendar/v3/freeBusy", json=body, repeatable=True)
        found = inner(inner(answer.get("calendars")).get("primary"))
        if "busy" not in found or found.get("errors"):
            raise ProviderUnreachable(GOOGLE)
        try:
            return [google_bodies.slot_of(one) for one in items(found["busy"])]
        except NoRecord:
            raise ProviderUnreachable(GOOGLE) from None

    def create(self, key: uuid.UUID, new: NewEvent) -> Event:
        """Create an event, once for the key, which makes its ID. Raises: EventRefused."""
        params = {"sendUpdates": "all" if new.attendees else "none"}
        body = google_bodies.body_of(key, new)
        try:
            found = self._ask("POST", _EVENTS, params=params, json=body, repeatable=True)
        except AlreadyCreated:
            return self.event(key.hex)
        return self._read(found)

    def find(self, key: uuid.UUID, new: NewEvent) -> Event | None:
        """The event that was created under a key, if it was."""
        try:
            return self.event(key.hex)
        except EventNotFound:
            return None

    def delete(self, event_id: str) -> None:
        """Delete an event, and tell its attendees. Raises: EventNotFound: there never was one."""
        params = {"sendUpdates": "all"}
        try:
            self._ask("DELETE", _path(event_id), params=params, repeatable=True)
        except EventGone:
            return

    def _read(self, found: Body) -> Event:
        try:
            return google_bodies.event_of(found)
        except NoRecord:
            raise ProviderUnreachable(GOOGLE) from None


def _path(event_id: str) -> str:
    return f"{_EVENTS}/{checked_id(event_id)}"
