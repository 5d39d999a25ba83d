"""A client of Graph's calendar; where its description is here, that allows all that succeeds."""

from typing import Any
from urllib.parse import quote, urlsplit

import requests

from sandbox.tests import graph_spec
from sandbox.tests.oauth_flow import Flow
from sandbox.tests.rest_spec import Rest
from sandbox.tests.specs import available

WEEK = ("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z")
BERLIN = {"Prefer": 'outlook.timezone="W. Europe Standard Time"'}


class GraphCalendar(Flow):
    """The calendar of a connected account."""

    def __init__(self, url: str, **consent: Any) -> None:
        super().__init__(url, "microsoft")
        self._rest = Rest(graph_spec.NAME, f"{self.base}/v1.0") if available() else None
        tokens = self.connect(**consent)
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request about the person; what is refused is held against the description, too."""
        answer = self.call(method, f"/v1.0/me/{path}", **options)
        if self._rest and not answer.ok:
            error(answer)
        return answer

    def held(self, method: str, path: str, **options: Any) -> Any:
        """A request that succeeds and that the description allows. Returns: the answer's JSON."""
        answer = self.ask(method, path, **options)
        assert answer.ok, answer.text
        if self._rest:
            self._rest.check(answer)
        return answer.json() if answer.content else None

    def view(self, start: str, end: str, **options: Any) -> list[dict[str, Any]]:
        """Everything in a window, following the links to further pages."""
        query = {"startDateTime": start, "endDateTime": end, **options.pop("query", {})}
        found = self.held("GET", "calendarView", params=query, **options)
        items: list[dict[str, Any]] = found["value"]
        while following := found.get("@odata.nextLink"):
            path = urlsplit(following).path.partition("/me/")[2]
            found = self.held("GET", f"{path}?{urlsplit(following).query}", **options)
            items += found["value"]
        return items

    def create(self, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """Make an event of an hour that is taken."""
        made: dict[str, Any] = self.held(
            "POST", "events", json=event_body(**fields), headers=headers
        )
        return made

    def one(self, event_id: str, method: str = "GET", **options: Any) -> requests.Response:
        """Any request about one event."""
        return self.ask(method, f"events/{quote(event_id)}", **options)


def event_body(**changes: Any) -> dict[str, Any]:
    """A body of a new event."""
    body = {
        "subject": "Call",
        "start": {"dateTime": "2026-02-03T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-02-03T11:00:00", "timeZone": "Europe/Berlin"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error, of Graph's shape."""
    told = answer.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message", "innererror"}
    return answer.status_code, str(told["error"]["code"])
