"""A client of Google's calendar API; where the document is here, it allows all that succeeds."""

from typing import Any
from urllib.parse import quote

import requests

from sandbox.tests.google_spec import GoogleDocument
from sandbox.tests.oauth_flow import Flow
from sandbox.tests.specs import available

WEEK = ("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z")


class GoogleCalendar(Flow):
    """The calendar of a connected account."""

    def __init__(self, url: str, **consent: Any) -> None:
        super().__init__(url, "google")
        self._document = GoogleDocument(self.base) if available() else None
        tokens = self.connect(**consent)
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, checked by nothing."""
        return self.call(method, f"/calendar/v3/{path}", **options)

    def held(self, method: str, path: str, **options: Any) -> Any:
        """A request that succeeds and that the document allows. Returns: the answer's JSON."""
        answer = self.ask(method, path, **options)
        assert answer.ok, answer.text
        if self._document:
            self._document.check(answer)
        return answer.json() if answer.content else None

    def events(self, **query: Any) -> dict[str, Any]:
        """A page of the primary calendar's events."""
        found: dict[str, Any] = self.held("GET", "calendars/primary/events", params=query)
        return found

    def window(self, start: str, end: str, **query: Any) -> list[dict[str, Any]]:
        """Single events between two moments, in order."""
        order = {"singleEvents": "true", "orderBy": "startTime"}
        items: list[dict[str, Any]] = self.events(timeMin=start, timeMax=end, **order | query)[
            "items"
        ]
        return items

    def insert(self, **fields: Any) -> dict[str, Any]:
        """Make an event of an hour that is taken."""
        body = event_body(**fields)
        made: dict[str, Any] = self.held("POST", "calendars/primary/events", json=body)
        return made

    def refused(self, body: Any) -> tuple[int, str, str]:
        """Make an event that is refused. Returns: status, reason and message."""
        return error(self.ask("POST", "calendars/primary/events", json=body))

    def shown(self, event_id: str) -> dict[str, Any]:
        """One event that there is."""
        found: dict[str, Any] = self.held("GET", f"calendars/primary/events/{quote(event_id)}")
        return found

    def one(self, event_id: str, method: str = "GET", **options: Any) -> requests.Response:
        """Any request about one event."""
        return self.ask(method, f"calendars/primary/events/{quote(event_id)}", **options)


def event_body(**changes: Any) -> dict[str, Any]:
    """A body of events.insert."""
    body = {
        "summary": "Call",
        "start": {"dateTime": "2026-02-03T10:00:00+01:00"},
        "end": {"dateTime": "2026-02-03T11:00:00+01:00"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def error(answer: requests.Response) -> tuple[int, str, str]:
    """Status, reason and message of an error."""
    told = answer.json()["error"]
    assert told["code"] == answer.status_code
    return answer.status_code, told["errors"][0]["reason"], told["message"]
