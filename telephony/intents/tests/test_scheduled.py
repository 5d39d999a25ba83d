"""Calls and messages for later: due, taken back, not possible by then, or AVA was down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from conftest import client_of
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, run_jobs
from tests.resets import reset

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
BOTH = pytest.mark.parametrize(
    ("path", "body"),
    [(CALLS, PAIR | {"say": "Hi"}), (MESSAGES, PAIR | {"body": "Hi"})],
    ids=["call", "message"],
)
HOUR = 3600


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


def later(api: APIClient, path: str, body: dict[str, str]) -> str:
    """Ask for it in an hour."""
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    answer = api.post(path, body | {"send_at": when})
    assert (answer.status_code, answer.json()["status"]) == (201, "scheduled")
    return str(answer.json()["id"])


def shown(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


def details(api: APIClient, path: str, key: str) -> list[str]:
    return [entry["detail"] for entry in shown(api, path, key)["timeline"]]


@BOTH
def test_what_was_due_while_ava_was_down_is_done_late_and_says_so(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    run_jobs(seconds=HOUR + 310)
    assert "attempt 1, 5 minutes after its time" in details(api, path, key)
    assert len(posts(sandbox)) == 1


@BOTH
def test_what_was_due_too_long_ago_is_not_done_any_more(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    run_jobs(seconds=2 * HOUR + 10)
    ended = shown(api, path, key)
    assert ended["status"] == "failed"
    assert ended["error"].startswith("It did not reach the provider in time. Nobody got this ")
    assert posts(sandbox) == []


@BOTH
def test_credentials_that_are_gone_by_then_are_the_reason(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    credentials.delete(user=twilio_user, provider="twilio", actor=twilio_user, source="api")
    run_jobs(seconds=HOUR + 1)
    ended = shown(api, path, key)
    assert ended["status"] == "failed"
    assert ended["error"] == "Twilio credentials not configured. Add them in Settings."
    assert posts(sandbox) == []


@BOTH
def test_what_was_taken_back_says_so_and_is_never_done(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    back = f"{path}/{key}/{'hangup' if path == CALLS else 'cancel'}"
    assert api.post(back).json()["status"] == "canceled"
    assert details(api, path, key)[-1].startswith("Taken back before it was ")
    assert api.post(back).status_code == 409
    run_jobs(seconds=HOUR + 1)
    assert posts(sandbox) == []


@BOTH
def test_while_twilio_is_down_it_waits_without_a_word_each_time(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    sandbox.faults.add("twilio", "reset", when="before")
    for _ in range(3):
        api.get("/api/v1/twilio/numbers")
    sandbox.faults.clear()
    for seconds in (1, 20, 40, 60):
        run_jobs(seconds=HOUR + seconds)
    assert len(details(api, path, key)) == 1
    reset("breakers")
    run_jobs(seconds=HOUR + 100)
    assert "attempt 1, 1 minute after its time" in details(api, path, key)


@BOTH
@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-03-29T10:00:00", "Give the offset, too"),
        ("2026-03-29", "Give the offset, too"),
        ("2026-03-29T09:59:59+02:00", "This moment has passed."),
        ("2026-05-03T08:00:01Z", "At most 35 days from now."),
        ("9999-12-31T23:59:59-14:00", "Datetime value out of range."),
        ("tomorrow", "Datetime has wrong format."),
    ],
)
def test_a_moment_that_makes_no_sense_is_refused(
    api: APIClient,
    twilio_user: User,
    sandbox: Sandbox,
    path: str,
    body: dict[str, str],
    when: str,
    said: str,
) -> None:
    with time_machine.travel(datetime(2026, 3, 29, 8, tzinfo=UTC), tick=False):
        answer = fresh(twilio_user).post(path, body | {"send_at": when})
    assert answer.status_code == 400
    [sentence] = answer.json()["errors"]["send_at"]
    assert sentence.startswith(said)


@BOTH
def test_an_offset_means_what_it_says_in_the_night_when_the_clocks_change(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    with time_machine.travel(datetime(2026, 3, 28, 12, tzinfo=UTC), tick=False):
        taken = [
            fresh(twilio_user).post(path, body | {"send_at": when}).json()["send_at"]
            for when in ("2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00")
        ]
    assert taken == ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"]


def fresh(user: User) -> APIClient:
    """Logged in at the time that the test plays."""
    return client_of(user)
