"""GET /api/v1/integrations/calendar/{provider}/events where nothing is connected."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.calendar.events import stub
from sandbox.server import Sandbox

PATH = "/api/v1/integrations/calendar/{}/events"
NOW = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
DISABLED = (
    "Stub integrations are disabled in production. Please complete OAuth setup for calendar access."
)


@pytest.fixture(autouse=True)
def _stubs(settings: Any) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_in_stub_mode_demo_events_around_today_are_shown_as_such(
    api: APIClient, sandbox: Sandbox, provider: str
) -> None:
    answer = api.get(PATH.format(provider))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["provider"], body["status"]) == (provider, "stub")
    assert "demo events" in body["next_steps"]
    assert [set(event) for event in body["events"]] == [
        {"id", "title", "start", "end", "all_day", "time_zone", "location", "attendees"}
        | {"status", "html_link"}
    ] * 3
    assert sandbox.requests(provider) == []


def test_the_same_moment_shows_the_same_events() -> None:
    window = NOW - timedelta(days=1), NOW + timedelta(days=7)
    first = stub.events("google", *window, now=NOW)
    assert first == stub.events("google", *window, now=NOW)
    assert [event.id for event in first] == ["stub-google-1", "stub-google-2", "stub-google-3"]
    assert [event.start.isoformat() for event in first] == [
        "2026-12-31T15:00:00+00:00",
        "2027-01-01T09:00:00+00:00",
        "2027-01-02T13:00:00+00:00",
    ]


def test_demo_events_are_searched_and_end_with_the_window(api: APIClient) -> None:
    found = api.get(PATH.format("google"), {"search": "STAND"}).json()["events"]
    assert [event["title"] for event in found] == ["Demo: team stand-up"]
    assert api.get(PATH.format("google"), {"from": "2030-01-01"}).json()["events"] == []


def test_a_demo_event_is_shown(api: APIClient) -> None:
    first, *_ = api.get(PATH.format("google")).json()["events"]
    assert api.get(f"{PATH.format('google')}/{first['id']}").json() == first
    assert api.get(f"{PATH.format('google')}/another").status_code == 404


def test_demo_events_are_busy_times(api: APIClient) -> None:
    answer = api.get("/api/v1/integrations/calendar/google/free-busy")
    assert len(answer.json()["busy"]) == 3


def test_over_rest_times_are_rfc_3339_in_utc(api: APIClient) -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    assert api.get(PATH.format("google")).json()["events"][0]["start"] == f"{today}T15:00:00Z"


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_without_stubs_it_is_refused(api: APIClient, settings: Any, provider: str) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}
    answer = api.get(PATH.format(provider))
    assert answer.status_code == 403
    assert answer.json()["detail"] == DISABLED
    assert answer.json()["code"] == "stubs_disabled"


@pytest.mark.parametrize("stubs", [True, False])
def test_an_unknown_provider_is_named_in_the_404(
    api: APIClient, settings: Any, stubs: bool
) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": stubs}
    answer = api.get(PATH.format("apple"))
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_calendar"
    assert (
        answer.json()["detail"] == "There is no calendar provider 'apple'. Use google or microsoft."
    )


def test_without_a_login_no_calendar_is_shown(db: None) -> None:
    assert APIClient().get(PATH.format("google")).status_code == 401
