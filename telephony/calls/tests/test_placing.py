"""POST /api/v1/twilio/calls, against the sandbox."""

from itertools import count
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    SUPPORT,
    THEIRS,
    phone,
    posts,
    run_jobs,
    store,
    until,
)

HELLO = {"to": THEIRS, "from": OURS, "say": "Hello"}


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    """Every test here speaks to the sandbox, as often as it likes."""
    settings.RATE_LIMIT_PER_MINUTE = 1000


def test_a_call_is_placed_and_shown_with_its_timeline(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    answer = api.post(CALLS, HELLO, headers={"X-Correlation-ID": "call-1"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["to"], body["from"], body["status"]) == (THEIRS, OURS, "queued")
    assert body["provider_sid"].startswith("CA")
    assert body["correlation_id"] == "call-1"
    assert [entry["status"] for entry in body["timeline"]] == ["pending", "queued"]
    assert {entry["correlation_id"] for entry in body["timeline"]} == {"call-1"}
    assert posts(sandbox)[0].headers["x-correlation-id"] == "call-1"
    assert api.get(f"{CALLS}/{body['id']}").json()["id"] == body["id"]


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("answer", "completed"), ("busy", "busy"), ("no-answer", "no-answer"), ("fail", "failed")],
)
def test_without_callbacks_the_end_of_a_call_is_fetched(
    api: APIClient, twilio_user: User, sandbox: Sandbox, behaviour: str, status: str
) -> None:
    phone(sandbox, behaviour)
    body = api.post(CALLS, HELLO).json()
    leaps = count(30, 300)

    def shown() -> dict[str, Any]:
        run_jobs(seconds=next(leaps))
        return dict(api.get(f"{CALLS}/{body['id']}").json())

    until(lambda: shown()["status"] == status)
    found = shown()
    assert found["timeline"][-1]["source"] == "fetch"


def test_without_callbacks_the_first_look_comes_soon(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "busy")
    body = api.post(CALLS, HELLO).json()
    url = (
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{body['provider_sid']}.json"
    )

    def at_twilio() -> Any:
        return requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()["status"]

    until(lambda: at_twilio() == "busy")
    run_jobs(seconds=3)
    assert api.get(f"{CALLS}/{body['id']}").json()["status"] == "busy"


def test_the_only_number_is_the_sender_and_several_are_listed(
    api: APIClient, twilio_user: User
) -> None:
    answer = api.post(CALLS, {"to": THEIRS, "say": "Hello"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "sender_ambiguous"
    assert answer.json()["numbers"] == [OURS, SUPPORT]
    store(twilio_user, default_from=SUPPORT)
    assert api.post(CALLS, {"to": THEIRS, "say": "Hello"}).json()["from"] == SUPPORT


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "5005550006"}, "to"),
        ({"to": "+1500"}, "to"),
        ({"from": "+14155550100"}, "from"),
        ({"say": ""}, "say"),
        ({"say": "x" * 1001}, "say"),
        ({"say": "a\u0001b"}, "say"),
        ({"twiml": "<Response><Say>Hi</Say></Response>"}, "non_field_errors"),
        ({"say": None}, "non_field_errors"),
        ({"send_at": "2020-01-01T00:00:00Z"}, "send_at"),
    ],
)
def test_what_cannot_be_called_is_refused_before_twilio_is_asked(
    api: APIClient, twilio_user: User, sandbox: Sandbox, change: dict[str, Any], field: str
) -> None:
    answer = api.post(CALLS, HELLO | change)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert posts(sandbox) == []
    assert not Call.objects.exists()


def test_a_stranger_finds_no_call(
    api: APIClient, strangers_api: APIClient, twilio_user: User
) -> None:
    call = api.post(CALLS, HELLO).json()["id"]
    for answer in (
        strangers_api.get(f"{CALLS}/{call}"),
        strangers_api.post(f"{CALLS}/{call}/hangup"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "call_not_found")
    assert strangers_api.get(CALLS).json()["count"] == 0


def test_the_same_key_places_one_call(api: APIClient, twilio_user: User, sandbox: Sandbox) -> None:
    key = {"Idempotency-Key": "k-1"}
    first, second = (api.post(CALLS, HELLO, headers=key) for _ in range(2))
    assert second.json() == first.json()
    assert second["Idempotency-Replayed"] == "true"
    assert len(posts(sandbox)) == 1
    other = api.post(CALLS, HELLO | {"say": "Bye"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_answered_kept_and_frees_the_key(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    key = {"Idempotency-Key": "k-2"}
    answer = api.post(CALLS, HELLO | {"to": "+15005550001"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "twilio_rejected")
    assert "to" in answer.json()["errors"]
    call = Call.objects.get()
    assert (call.status, call.error_code) == ("failed", 21211)
    assert api.post(CALLS, HELLO, headers=key).status_code == 201


@pytest.mark.parametrize("path", [CALLS, MESSAGES])
@pytest.mark.parametrize("name", ["status", "to", "from", "direction", "since", "until"])
def test_a_filter_that_is_given_but_empty_is_refused(api: APIClient, path: str, name: str) -> None:
    answer = api.get(path, {name: ""})
    assert answer.status_code == 400
    assert name in answer.json()["errors"]


def test_a_list_shows_what_its_filters_let_through(api: APIClient, twilio_user: User) -> None:
    body = api.post(CALLS, HELLO).json()
    moment = body["created_at"]
    for filters, found in (
        ({"to": THEIRS, "from": OURS, "direction": "outbound"}, 1),
        ({"to": OURS}, 0),
        ({"since": moment}, 1),
        ({"until": moment}, 0),
        ({"status": "scheduled"}, 0),
    ):
        assert api.get(CALLS, filters).json()["count"] == found, filters
