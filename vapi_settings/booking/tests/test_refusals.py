"""Bookings that are not made: what the caller, and the owner of the calendar, are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox
from vapi_settings.booking import tools
from vapi_settings.booking.tests.asking import LISTED, PATH, effects

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start": "soon"}, "was not understood"),
        ({}, "Ask for the time first"),
        ({"start": 7}, "Ask for the time first"),
        ({"start": "2026-03-29T02:30"}, "There is no such time in Europe/Berlin"),
        ({"start": "2020-01-01T10:00"}, "is not free"),
        ({"start": "2026-12-15T10:00:00Z"}, "a local time of Europe/Berlin, without Z"),
        ({"start": "2026-12-15T10:00", "name": " "}, "Ask for the caller's name first"),
        ({"start": "2199-01-01T10:00"}, "is not free"),
    ],
)
def test_what_cannot_be_booked_is_explained(
    api: APIClient,
    settings_: Any,
    ask: Any,
    sandbox: Sandbox,
    arguments: dict[str, Any],
    said: str,
) -> None:
    connect(api)
    settings_()
    assert said in ask("book_slot", **{"name": "Grace", **arguments})["error"]
    assert effects(sandbox) == []


def test_outside_of_working_hours_nothing_is_booked(
    api: APIClient, settings_: Any, ask: Any
) -> None:
    connect(api)
    settings_()
    night = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT23:00")
    assert "is not free" in ask("book_slot", start=night, name="Grace")["error"]


def test_without_a_calendar_the_caller_hears_a_way_out(settings_: Any, ask: Any) -> None:
    settings_()
    for name in ("find_free_slots", "book_slot"):
        said = ask(name, key=name, start="2026-12-15T10:00", name="Grace")["error"]
        assert "not connected" in said
        assert "take a message" in said


def test_demo_times_are_said_to_be_none_that_can_be_booked(
    settings_: Any, ask: Any, settings: Any
) -> None:
    settings_()
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    said = ask("find_free_slots")["result"]
    assert said.endswith(tools.DEMO)
    start = LISTED.findall(said)[0]
    assert ask("book_slot", key="call_2", start=start, name="Grace")["error"] == tools.NO_CALENDAR


@pytest.mark.parametrize("kind", ["status", "reset", "garbage"])
def test_while_the_calendar_fails_the_caller_hears_a_way_out(
    api: APIClient, settings_: Any, ask: Any, sandbox: Sandbox, kind: str
) -> None:
    connect(api)
    settings_()
    fault: dict[str, Any] = {"provider": "google", "kind": kind}
    fault |= {"status": 503} if kind == "status" else {}
    requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    assert "does not answer right now" in ask("find_free_slots")["error"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"calendar": "apple"}, "calendar"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"working_hours": "always"}, "working_hours"),
        ({"duration": 1}, "duration"),
        ({"days_ahead": 400}, "days_ahead"),
    ],
)
def test_settings_that_cannot_be_are_explained(
    api: APIClient, user: User, changes: dict[str, Any], field: str
) -> None:
    answer = api.put(PATH, {"calendar": "google", **changes}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
