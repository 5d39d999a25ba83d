"""Microsoft 365 client: the user's default calendar, by Microsoft Graph.

https://learn.microsoft.com/graph/api/resources/event
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from ava import upstream
from ava.upstream import Deadline, ProviderUnreachable
from integrations.calendar.events import graph_bodies, times
from integrations.calendar.events.bodies import Body, events_of, items, name
from integrations.calendar.events.client import CalendarClient, checked_id
from integrations.calendar.events.errors import (
    AlreadyCreated,
    CursorEnded,
    EventNotFound,
    EventRefused,
)
from integrations.calendar.events.records import Event, NewEvent, NoRecord, Page, Slot
from integrations.calendar.providers import MICROSOFT

MOST_PAGES: Final = 20
_PAGE: Final = 200
_SHOWN: Final = (
    "id,subject,start,end,isAllDay,isCancelled,showAs,location,attendees,webLink,"
    "originalStartTimeZone,transactionId,bodyPreview"
)
# Names of a page's place in an @odata.nextLink. No more is taken from an address that comes in.
_PLACES: Final = ("$skiptoken", "$skip")
_UTC: Final = ZoneInfo("UTC")
_DAY: Final = timedelta(days=1)


class MicrosoftCalendar(CalendarClient):
    """Microsoft 365 calendar of a user. Each method also raises ProviderProblem and NoCalendar."""

    service = MICROSOFT

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self._headers["Prefer"] = 'outlook.timezone="UTC"'

    def events(
        self, start: datetime, end: datetime, *, limit: int, search: str = "", cursor: str = ""
    ) -> Page:
        """Events that overlap a window, by start, recurring ones expanded. Graph cannot search
        here: of its page those that match remain, perhaps none. Raises: CursorEnded."""
        found, following = self._view(start, end, limit=limit, cursor=cursor)
        wanted = [one for one in found if not search or graph_bodies.matches(one, search)]
        return Page(tuple(events_of(wanted, graph_bodies.event_of)), following)

    def event(self, event_id: str) -> Event:
        """One event. Raises: EventNotFound."""
        return self._read(self._ask("GET", _path(event_id)))

    def busy(self, start: datetime, end: datetime, tz: ZoneInfo) -> list[Slot]:
        """Busy times of the calendar; whole days as days of `tz`. They are read from the events, as
        Graph's own getSchedule is not for personal accounts."""
        taken = [found for found in self._all(start, end) if graph_bodies.is_busy(found)]
        return [
            Slot(times.moment(event.start, tz), times.moment(event.end, tz))
            for event in events_of(taken, graph_bodies.event_of)
        ]

    def create(self, key: uuid.UUID, new: NewEvent) -> Event:
        """Create an event, once for the key. Raises: EventRefused."""
        body = graph_bodies.body_of(key, new)
        try:
            found = self._ask("POST", "/v1.0/me/events", json=body, repeatable=True)
        except AlreadyCreated:
            if there := self.find(key, new):
                return there
            raise ProviderUnreachable(MICROSOFT) from None
        return self._read(found)

    def find(self, key: uuid.UUID, new: NewEvent) -> Event | None:
        """The event that was created under a key, if it was, and has not been moved since."""
        # A day more on each side: whole days begin where the mailbox is.
        start, end = times.moment(new.start, _UTC) - _DAY, times.moment(new.end, _UTC) + _DAY
        for found in self._all(start, end):
            if found.get("transactionId") == str(key):
                return self._read(found)
        return None

    def delete(self, event_id: str) -> None:
        """Delete an event, and tell its attendees. Raises: EventNotFound."""
        self._ask("DELETE", _path(event_id), repeatable=True)

    def _all(self, start: datetime, end: datetime) -> Iterator[Body]:
        """All of a window, or no answer: one that is cut off would look whole."""
        deadline, cursor = Deadline(upstream.door(MICROSOFT.label).policy.deadline), ""
        for _ in range(MOST_PAGES):
            if deadline.expired:
                break
            found, cursor = self._view(
                start, end, limit=_PAGE, cursor=cursor, deadline=deadline.left()
            )
            yield from found
            if not cursor:
                return
        raise ProviderUnreachable(MICROSOFT)

    def _view(
        self, start: datetime, end: datetime, *, limit: int, cursor: str, **rest: Any
    ) -> tuple[list[Body], str]:
        """A page of the events in a window, and the cursor of the next."""
        params: dict[str, Any] = {
            "startDateTime": start.isoformat(),
            "endDateTime": end.isoformat(),
            "$orderby": "start/dateTime",
            "$select": _SHOWN,
            "$top": limit,
        }
        mark, _, place = cursor.partition("=")
        params |= {mark: place} if mark in _PLACES else {}
        try:
            found = self._ask("GET", "/v1.0/me/calendarView", params=params, **rest)
        except (EventNotFound, EventRefused) as refusal:
            raise (CursorEnded() if cursor else refusal) from None
        query = parse_qs(urlsplit(name(found.get("@odata.nextLink"))).query)
        following = next((f"{mark}={query[mark][0]}" for mark in _PLACES if mark in query), "")
        return items(found.get("value")), following

    def _read(self, found: Body) -> Event:
        try:
            return graph_bodies.event_of(found)
        except NoRecord:
            raise ProviderUnreachable(MICROSOFT) from None


def _path(event_id: str) -> str:
    return f"/v1.0/me/events/{quote(checked_id(event_id), safe='')}"
