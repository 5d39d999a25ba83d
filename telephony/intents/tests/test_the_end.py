"""Every call and message ends, and an end that is asked for comes soon."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava import upstream
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    THEIRS,
    callback,
    phone,
    rings,
    run_jobs,
    store,
    until,
)
from telephony.messages.models import Message

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)
TWILIO = "POST /2010-04-01/Accounts/AC"
DAYS = 86_400.0


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=2.0))


def shown(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


def lost(api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]) -> str:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=TWILIO)
    answer = api.post(path, PAIR | body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def forget_credentials(user: User) -> None:
    credentials.delete(user=user, provider="twilio", actor=user, source="api")


@BOTH
def test_what_nobody_can_look_for_any_more_says_why_and_ends(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = lost(api, sandbox, path, body)
    forget_credentials(twilio_user)
    for seconds in (21, 40, 3600):
        run_jobs(seconds=seconds)
    found = shown(api, path, key)
    assert found["status"] == "unknown"
    assert found["error"].startswith("This began with the Twilio account ...0000,")
    assert [entry["detail"] for entry in found["timeline"]].count(found["error"]) == 1
    run_jobs(seconds=2 * DAYS + 60)
    ended = shown(api, path, key)
    assert ended["status"] == "failed"
    assert ended["error"] == f"AVA could not find out what became of it: {found['error']}"


@BOTH
def test_what_twilio_does_not_know_any_more_ends(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    key = api.post(path, PAIR | body).json()["id"]
    model = Call if path == CALLS else Message
    model.objects.update(provider_sid="gone", status="queued")
    run_jobs(seconds=60)
    assert shown(api, path, key)["error"] == "Twilio has no such resource in your account."
    for days in (1, 2.1):
        run_jobs(seconds=days * DAYS)
    ended = shown(api, path, key)
    assert ended["status"] == "failed"
    assert ended["error"].startswith("AVA could not find out what became of it: Twilio has no such")


def test_twilio_out_of_order_for_days_ends_nothing(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    key = api.post(CALLS, PAIR | {"say": "Hi"}).json()["id"]
    sandbox.faults.add("twilio", "status", status=500)
    for days in (1, 2.1, 3):
        run_jobs(seconds=days * DAYS)
    found = shown(api, CALLS, key)
    assert found["status"] in ("queued", "ringing")
    assert found["error"] == ""


def test_a_message_of_which_no_carrier_tells_more_stays_sent(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    key = api.post(MESSAGES, PAIR | {"body": "Hi"}).json()["id"]
    Message.objects.update(status="sent")
    forget_credentials(twilio_user)
    for days in (2.1, 3):
        run_jobs(seconds=days * DAYS)
    assert shown(api, MESSAGES, key)["status"] == "sent"


def test_why_nobody_could_look_is_forgotten_once_it_is_found(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    key = lost(api, sandbox, CALLS, {"say": "Hi"})
    forget_credentials(twilio_user)
    run_jobs(seconds=21)
    assert shown(api, CALLS, key)["error"]
    store(twilio_user)
    run_jobs(seconds=60)
    found = shown(api, CALLS, key)
    assert found["provider_sid"]
    assert found["error"] == ""


def test_a_call_that_is_found_after_its_hang_up_was_asked_for_ends_at_once(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any, live_server: LiveServer
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    key = lost(api, sandbox, CALLS, {"say": "Hi"})
    # From here on with callbacks: as long as they come, AVA does not ask.
    settings.PUBLIC_URL = live_server.url
    until(lambda: rings(sandbox))
    assert api.post(f"{CALLS}/{key}/hangup").status_code == 202
    [ring] = rings(sandbox)
    form = {"CallSid": ring["sid"], "CallStatus": "ringing"}
    assert callback(live_server.url, "call-status", f"call={key}&attempt=1", form).ok
    run_jobs()
    run_jobs(seconds=1)
    assert shown(api, CALLS, key)["status"] in ("canceled", "completed")
