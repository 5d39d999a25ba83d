"""Credentials that change their Twilio account while something is under way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava import upstream
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    THEIRS,
    callback,
    phone,
    posts,
    rings,
    run_jobs,
    store,
    texts,
    until,
)
from tests.resets import reset

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)
ANOTHER = "AC" + "b" * 32
TWILIO = "POST /2010-04-01/Accounts/AC"


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=2.0))


@pytest.fixture
def served(user: User, settings: Any) -> User:
    """A user without credentials of their own, on the operator's account."""
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    return user


def shown(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


def lost(api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str], when: str) -> str:
    sandbox.faults.add("twilio", "reset", when=when, count=1, match=TWILIO)
    answer = api.post(path, PAIR | body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


@BOTH
def test_another_account_that_has_no_trace_of_it_is_no_reason_to_do_it_again(
    api: APIClient, user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    store(user, account_sid=ANOTHER)
    # That account may have taken it.
    sandbox.faults.add("twilio", "reset", when="before")
    key = api.post(path, PAIR | body).json()["id"]
    sandbox.faults.clear()
    reset("breakers")
    store(user)
    for seconds in (21, 32, 60, 300, 950):
        run_jobs(seconds=seconds)
    assert posts(sandbox) == [one for one in posts(sandbox) if ANOTHER in one.path]
    assert rings(sandbox) == texts(sandbox) == []
    found = shown(api, path, key)
    assert found["status"] == "unknown"
    assert [entry["detail"] for entry in found["timeline"]].count("attempt 2") == 0


@BOTH
def test_what_went_out_with_the_operators_account_is_found_there(
    api: APIClient, served: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    api.get("/api/v1/twilio/numbers")
    key = lost(api, sandbox, path, body, "after")
    store(served, account_sid=ANOTHER, auth_token="their-own-token")
    run_jobs(seconds=21)
    assert shown(api, path, key)["provider_sid"]
    assert len(posts(sandbox)) == 1


@BOTH
def test_what_never_reached_the_operators_account_is_not_sent_with_another(
    api: APIClient, served: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    api.get("/api/v1/twilio/numbers")
    key = lost(api, sandbox, path, body, "before")
    store(served, account_sid=ANOTHER, auth_token="their-own-token")
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    found = shown(api, path, key)
    assert found["status"] == "failed"
    assert found["error"].startswith("This began with the Twilio account ...0000,")
    assert len(posts(sandbox)) == 1


def test_a_running_call_cannot_be_hung_up_without_its_account(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    key = api.post(CALLS, PAIR | {"say": "Hi"}).json()["id"]
    store(twilio_user, account_sid=ANOTHER)
    refused = api.post(f"{CALLS}/{key}/hangup")
    assert (refused.status_code, refused.json()["code"]) == (409, "twilio_account_gone")
    store(twilio_user)
    assert api.post(f"{CALLS}/{key}/hangup").status_code in (200, 202)


def busy(ava: str, key: str) -> requests.Response:
    fields = {"CallSid": str(Call.objects.get(pk=key).provider_sid), "CallStatus": "busy"}
    return callback(ava, "call-status", f"call={key}&attempt=1", fields)


@pytest.fixture
def ava(live_server: LiveServer, settings: Any) -> str:
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


def test_callbacks_of_the_operators_account_are_taken_after_the_user_has_stored_their_own(
    api: APIClient, served: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    key = api.post(CALLS, PAIR | {"say": "Hi"}).json()["id"]
    store(served, account_sid=ANOTHER, auth_token="their-own-token")
    assert busy(ava, key).status_code == 204
    run_jobs()
    assert shown(api, CALLS, key)["status"] == "busy"


def test_one_for_later_goes_out_with_the_account_of_that_time_and_hears_from_it(
    api: APIClient, user: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    store(user, account_sid=ANOTHER)
    sandbox.faults.add("twilio", "reset", when="before")
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    key = api.post(CALLS, PAIR | {"say": "Hi", "send_at": later}).json()["id"]
    sandbox.faults.clear()
    reset("breakers")
    store(user)
    run_jobs(seconds=3601)
    until(lambda: len(posts(sandbox)) == 1)
    assert busy(ava, key).status_code == 204
    run_jobs(seconds=3602)
    assert shown(api, CALLS, key)["status"] == "busy"


def test_credentials_that_were_deleted_and_stored_again_find_it(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    key = lost(api, sandbox, CALLS, {"say": "Hi"}, "after")
    credentials.delete(user=twilio_user, provider="twilio", actor=twilio_user, source="api")
    run_jobs(seconds=21)
    assert shown(api, CALLS, key)["status"] == "unknown"
    store(twilio_user)
    for seconds in (60, 950):
        run_jobs(seconds=seconds)
    assert shown(api, CALLS, key)["provider_sid"]
    assert len(posts(sandbox)) == 1
