"""Nonsense of every type in every place of the calendars' requests: answered, never a crash."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from sandbox.tests import google_client, graph_client
from sandbox.tests.google_client import GoogleCalendar
from sandbox.tests.graph_client import GraphCalendar
from sandbox.tests.oauth_flow import CALLBACK, Flow

NONSENSE: list[Any] = [
    *(None, True, 0, -1, 10**30, 1.5, "", "x", "\ud800", [], [None], [[]], {}, {"a": 1}),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-02-30T00:00:00Z", "2026-13"),
]


def variants(value: Any) -> Iterator[Any]:
    """The same JSON with one part of it, at any depth, replaced by nonsense."""
    yield from NONSENSE
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, dict | list):
        for key, part in list(parts):
            for one in variants(part) if isinstance(part, dict | list) else NONSENSE:
                made = value.copy()
                made[key] = one
                yield made


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert "Traceback" not in capfd.readouterr().err


def fine(answer: requests.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.content:
        answer.json()


@pytest.mark.usefixtures("quiet")
def test_google_answers_any_json(sandbox: Sandbox) -> None:
    event = google_client.event_body(
        recurrence=["RRULE:FREQ=DAILY;COUNT=2"],
        attendees=[{"email": "bob@example.org"}],
        visibility="private",
        reminders={"useDefault": True},
        id="abcde",
    )
    busy = {
        "timeMin": "2026-01-05T00:00:00Z",
        "timeMax": "2026-01-06T00:00:00Z",
        "timeZone": "UTC",
        "items": [{"id": "primary"}],
    }
    with GoogleCalendar(sandbox.url) as google:
        for body in variants(event):
            fine(google.ask("POST", "calendars/primary/events", json=body))
            fine(google.ask("PATCH", "calendars/primary/events/seed0clinic", json=body))
        for body in variants(busy):
            fine(google.ask("POST", "freeBusy", json=body))
        for name in ("timeMin", "timeMax", "timeZone", "q", "maxResults", "pageToken", "orderBy"):
            for value in NONSENSE:
                query = {"singleEvents": "true", name: str(value).encode("utf-8", "replace")}
                fine(google.ask("GET", "calendars/primary/events", params=query))
        for event_id in ("seed0standup_", "seed0standup_99999999T000000Z", "_", "seed0standup_x"):
            fine(google.one(event_id))


@pytest.mark.usefixtures("quiet")
def test_graph_answers_any_json(sandbox: Sandbox) -> None:
    event = graph_client.event_body(
        attendees=[{"emailAddress": {"address": "bob@example.org"}, "type": "required"}],
        body={"contentType": "text", "content": "x"},
        location={"displayName": "x"},
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "numbered", "startDate": "2026-02-03", "numberOfOccurrences": 2},
        },
        categories=["x"],
        isAllDay=False,
        showAs="free",
        transactionId="t",
    )
    schedule = {
        "schedules": ["ada@brightside.example"],
        "startTime": {"dateTime": "2026-01-06T08:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-01-06T16:00:00", "timeZone": "UTC"},
        "availabilityViewInterval": 60,
    }
    window = {"startDateTime": "2026-01-05T00:00:00Z", "endDateTime": "2026-01-06T00:00:00Z"}
    with GraphCalendar(sandbox.url) as graph:
        for body in variants(event):
            fine(graph.ask("POST", "events", json=body))
        for body in variants(schedule):
            fine(graph.ask("POST", "calendar/getSchedule", json=body))
        for name in (*window, "$top", "$skip", "$select", "$orderby", "$filter", "$count"):
            for value in NONSENSE:
                query = {**window, name: str(value).encode("utf-8", "replace")}
                fine(graph.ask("GET", "calendarView", params=query))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_the_oauth_servers_answer_any_text(sandbox: Sandbox, provider: str) -> None:
    texts = ["", "x", "ü", "\x00", "%", "a" * 9000, "{name}", "{0}", "%s"]
    with Flow(sandbox.url, provider) as flow:
        for name in flow.query():
            for text in texts:
                assert flow.page(**{name: text}).status_code in (200, 302, 400)
                assert flow.decide({"decision": text}, **{name: text}).status_code in (302, 400)
        for name in ("client_id", "client_secret", "grant_type", "code", "redirect_uri"):
            for text in texts:
                form = {"grant_type": "authorization_code", "code": flow.code()}
                fine(flow.token(**{**form, "redirect_uri": CALLBACK, name: text}))
        fine(flow.call("POST", "/token", data=b"\xff\xfe=%ff"))
        fine(flow.get("/v1/userinfo", headers={"Authorization": "Basic x"}))
