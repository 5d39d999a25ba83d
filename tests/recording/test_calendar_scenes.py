"""Incidents with a calendar, captured and played again."""

from dataclasses import replace
from typing import Any

import pytest

from ava.recording import parts
from ava.recording.parts import NotRepeatable
from tests.recording.studio import ADDRESS, WORDS, Studio
from tests.recording.test_scenes import again, fail

EVENT = {
    "title": "Lunch with Grace",
    "start": "2026-12-14T12:00:00Z",
    "end": "2026-12-14T13:00:00Z",
    "location": WORDS,
    "attendees": [ADDRESS],
}
CALENDARS = pytest.mark.parametrize("calendar", ["google", "microsoft"])
ALIKE = pytest.mark.parametrize(
    "calendar", ["google", pytest.param("microsoft", marks=pytest.mark.slow)]
)
"""Where both are asked by the same code."""


def events(calendar: str) -> str:
    return f"/integrations/calendar/{calendar}/events"


@CALENDARS
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_event_whose_answer_was_lost_is_created_once(
    studio: Studio, calendar: str, when: str
) -> None:
    studio.use(calendar)
    fail(studio, calendar, "reset", match="POST /", when=when)
    scenario = studio.capture(studio.record("POST", events(calendar), EVENT))
    [asked] = scenario.requests
    assert (asked.body["attendees"], asked.body["end"][:16]) == (
        ["person1@example.com"],
        "2031-03-03T11:00",
    )
    assert scenario.tracks["event 1"][-1] == "confirmed"
    assert scenario.effects == {"events": 1}
    again(studio, scenario)


@ALIKE
def test_an_event_that_takes_days_and_is_refused(studio: Studio, calendar: str) -> None:
    studio.use(calendar)
    fail(studio, calendar, "status", match="POST /", status=400)
    body = {"title": "Away", "start": "2026-12-14", "end": "2026-12-17"}
    scenario = studio.capture(studio.record("POST", events(calendar), body))
    assert scenario.requests[0].body["end"] == "2031-03-06"
    assert scenario.tracks["event 1"][-1] == "failed"
    again(studio, scenario)


@CALENDARS
def test_an_event_of_the_same_incident_is_deleted(studio: Studio, calendar: str) -> None:
    studio.use(calendar)
    path = f"/api/v1{events(calendar)}"
    made = studio.ask("POST", path, EVENT, correlation_id="both")
    fail(studio, calendar, "status", match="DELETE /", status=503)
    studio.ask("DELETE", f"{path}/{made.body['id']}", None, correlation_id="both")
    studio.settle()
    scenario = studio.capture("both")
    assert scenario.requests[1].path == f"{path}/{{1}}"
    assert scenario.tracks["event 1"][-1] == "deleted"
    again(studio, scenario)


@CALENDARS
def test_an_event_that_ava_had_created_before_is_deleted(studio: Studio, calendar: str) -> None:
    studio.use(calendar)
    path = f"/api/v1{events(calendar)}"
    made = studio.ask("POST", path, EVENT, correlation_id="before")
    fail(studio, calendar, "reset", match="DELETE /", when="after")
    scenario = studio.capture(studio.record("DELETE", f"{events(calendar)}/{made.body['id']}"))
    assert [ask.method for ask in scenario.before] == ["POST"]
    assert scenario.effects == {}
    again(studio, scenario)


@ALIKE
def test_an_event_that_somebody_had_entered_is_deleted(studio: Studio, calendar: str) -> None:
    studio.use(calendar)
    listed = studio.ask("GET", f"/api/v1{events(calendar)}", None, correlation_id="listed")
    somebodys = listed.body["events"][0]["id"]
    scenario = studio.capture(studio.record("DELETE", f"{events(calendar)}/{somebodys}"))
    assert scenario.requests[0].path.endswith("/{somebodys_event}")
    assert scenario.tracks["requests"][0].endswith(" 204")
    again(studio, scenario)


@ALIKE
@pytest.mark.parametrize(
    ("seconds", "faults", "status"),
    [
        (240, [{"kind": "slow"}], "201"),
        (240, [{"kind": "status", "status": 503}], "201"),
        (0, [{"kind": "hang"}], "202"),
        (0, [{"kind": "status", "status": 400, "error": "invalid_grant"}], "409"),
        (0, [{"kind": "status", "status": 401, "error": "invalid_client"}], "503"),
    ],
)
def test_an_access_token_that_was_to_be_renewed_first(
    studio: Studio, calendar: str, seconds: int, faults: list[dict[str, Any]], status: str
) -> None:
    order = {"provider": calendar, "do": "shorten", "seconds": seconds}
    studio.connect(calendar, replace(parts.accounts[calendar], token=order))
    for one in faults:
        studio.order("faults", {"provider": calendar, "count": 1, **one})
    scenario = studio.capture(studio.record("POST", events(calendar), EVENT))
    serves = seconds and faults[0]["kind"] != "slow"
    assert scenario.accounts == [f"{calendar}:{'soon' if serves else 'over'}"]
    assert scenario.tracks["requests"][0].endswith(f" {status}")
    again(studio, scenario)


@ALIKE
def test_a_calendar_that_refuses_a_token_it_had_given_out(studio: Studio, calendar: str) -> None:
    studio.use(calendar)
    studio.order("oauth", {"provider": calendar, "do": "revoke"})
    scenario = studio.capture(studio.record("POST", events(calendar), EVENT))
    assert scenario.tracks["requests"][0].endswith(" 409")
    again(studio, scenario)


@CALENDARS
@pytest.mark.parametrize("error", ["rateLimitExceeded", "notACalendarUser"])
def test_a_calendar_that_is_forbidden_says_why(studio: Studio, calendar: str, error: str) -> None:
    studio.use(calendar)
    fail(studio, calendar, "status", match="POST /", status=403, error=error)
    scenario = studio.capture(studio.record("POST", events(calendar), EVENT))
    again(studio, scenario)


@ALIKE
@pytest.mark.parametrize("name", ["events", "free-busy"])
def test_a_look_at_a_calendar_in_an_outage(studio: Studio, calendar: str, name: str) -> None:
    studio.use(calendar)
    for _ in range(2):
        fail(studio, calendar, "status", status=503, headers={"Retry-After": "60"})
        studio.record("GET", f"/integrations/calendar/{calendar}/{name}")
    fail(studio, calendar, "status", status=503, headers={"Retry-After": "60"})
    scenario = studio.capture(studio.record("GET", f"/integrations/calendar/{calendar}/{name}"))
    assert scenario.failures_before == {calendar: 2}
    again(studio, scenario)


def test_a_calendar_that_was_not_connected_cannot_be_captured(studio: Studio) -> None:
    refused = studio.record("POST", events("google"), EVENT)
    with pytest.raises(NotRepeatable, match="before it asked the calendar"):
        studio.capture(refused)
