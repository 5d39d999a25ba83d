"""GET /api/v1/integrations/calendar/{provider}/events while AVA knows no real calendar."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.calendar import services
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
        {"id", "title", "start", "end", "location", "attendees"}
    ] * 3
    assert sandbox.requests(provider) == []


def test_the_same_moment_shows_the_same_events_and_times_are_utc(user: User) -> None:
    first = services.upcoming(user=user, provider="google", now=NOW).events
    assert first == services.upcoming(user=user, provider="google", now=NOW).events
    assert [event.id for event in first] == ["stub-google-1", "stub-google-2", "stub-google-3"]
    assert [event.start.isoformat() for event in first] == [
        "2026-12-31T15:00:00+00:00",
        "2027-01-01T09:00:00+00:00",
        "2027-01-02T13:00:00+00:00",
    ]
    assert all(event.start < event.end for event in first)


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
