"""Google's calendar: what each scope opens, and what is answered without one."""

from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.google_client import WEEK, GoogleCalendar, error, event_body
from sandbox.tests.google_spec import documented_scopes
from sandbox.tests.oauth_flow import API


def test_the_calendar_and_the_list_of_calendars_are_shown(sandbox: Sandbox) -> None:
    with GoogleCalendar(sandbox.url, scope=f"{API}calendar.readonly") as google:
        assert google.held("GET", "calendars/primary")["timeZone"] == "Europe/Berlin"
        (entry,) = google.held("GET", "users/me/calendarList")["items"]
        assert (entry["id"], entry["primary"]) == ("ada@example.com", True)
        assert google.events()["items"]
        assert google.refused(event_body())[:2] == (403, "insufficientPermissions")


def test_a_scope_that_was_not_granted_opens_nothing(sandbox: Sandbox) -> None:
    form = [("decision", "allow"), ("chooses", "scopes"), ("scope", f"{API}calendar.freebusy")]
    with GoogleCalendar(sandbox.url, form=form) as google:
        for method in ("GET", "POST"):
            answer = google.ask(method, "calendars/primary/events", json=event_body())
            assert error(answer)[:2] == (403, "insufficientPermissions")
        window = {"timeMin": WEEK[0], "timeMax": WEEK[1], "items": []}
        google.held("POST", "freeBusy", json=window)


def test_each_account_has_its_own_calendar(google: GoogleCalendar, sandbox: Sandbox) -> None:
    made = google.insert()
    with GoogleCalendar(sandbox.url, login_hint="grace@example.com") as grace:
        assert error(grace.one(made["id"]))[:2] == (404, "notFound")
        assert grace.events()["timeZone"] == "America/New_York"
        other = grace.ask("GET", "calendars/ada@example.com/events")
        assert error(other)[:2] == (404, "notFound")
    assert google.held("GET", "calendars/ada%40example.com/events")["items"]


def test_no_token_and_a_dead_one_are_refused(google: GoogleCalendar, control: Client) -> None:
    control.post("/oauth", {"provider": "google", "do": "expire"})
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer ya29.other"}):
        answer = google.ask("GET", "calendars/primary/events", headers=headers)
        assert error(answer) == (401, "authError", "Invalid Credentials")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "calendars"),
        ("GET", "calendars/primary/acl"),
        ("PUT", "calendars/primary/events/seed0standup"),
        ("GET", "calendars/primary/events/nothing"),
        ("DELETE", "calendars/primary/events/seed0standup_20260101"),
        ("DELETE", "calendars/primary/events/seed0clinic_20260106T130000Z"),
        ("GET", "colors"),
    ],
)
def test_what_is_not_played_is_not_found(sandbox: Sandbox, method: str, path: str) -> None:
    with GoogleCalendar(sandbox.url, scope=f"{API}calendar") as google:
        assert error(google.ask(method, path))[:2] == (404, "notFound")


def test_a_body_that_is_no_object_is_refused(google: GoogleCalendar) -> None:
    for body in (b"{", b"[]", b"1"):
        answer = google.ask("POST", "calendars/primary/events", data=body)
        assert error(answer)[:2] == (400, "parseError")


def test_a_reset_brings_the_seed_back(sandbox: Sandbox) -> None:
    with GoogleCalendar(sandbox.url) as google:
        before = google.events()
        google.insert()
        google.one("seed0standup", "DELETE")
    sandbox.reset()
    with GoogleCalendar(sandbox.url) as google:
        assert google.events() == before
    assert sandbox.effects()["events"] == []


OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "calendar.events.list": ("GET", "calendars/primary/events", None),
    "calendar.events.get": ("GET", "calendars/primary/events/seed0clinic", None),
    "calendar.events.insert": ("POST", "calendars/primary/events", event_body()),
    "calendar.events.patch": ("PATCH", "calendars/primary/events/seed0night", {"summary": "x"}),
    "calendar.events.delete": ("DELETE", "calendars/primary/events/seed0focus", None),
    "calendar.freebusy.query": (
        "POST",
        "freeBusy",
        {"timeMin": WEEK[0], "timeMax": WEEK[1], "items": []},
    ),
    "calendar.calendars.get": ("GET", "calendars/primary", None),
    "calendar.calendarList.list": ("GET", "users/me/calendarList", None),
}

# They open secondary and public calendars only, and the one that is played is neither.
ELSEWHERE = {f"{API}calendar.app.created", f"{API}calendar.events.public.readonly"}


def test_each_scope_opens_what_the_document_says(sandbox: Sandbox) -> None:
    scopes = documented_scopes()
    assert set(OPERATIONS) <= {operation for some in scopes.values() for operation in some}
    for scope, opened in scopes.items():
        sandbox.reset()
        with GoogleCalendar(sandbox.url, scope=scope) as google:
            found = {
                name
                for name, (method, path, body) in OPERATIONS.items()
                if google.ask(method, path, json=body).status_code != 403
            }
        expected = set() if scope in ELSEWHERE else opened & set(OPERATIONS)
        assert found == expected, scope
