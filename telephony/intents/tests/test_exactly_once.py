"""Losses on the way to Twilio: no person is called or written to twice, or forgotten."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava import upstream
from ava.jobs import RetryLater
from sandbox.server import Sandbox
from telephony.calls import services as calls
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    THEIRS,
    phone,
    posts,
    rings,
    run_jobs,
    texts,
    until,
)
from telephony.incoming import twilio_reports
from telephony.incoming.twilio_reports import Report
from tests.resets import reset

CALL = (CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}, "POST /2010-04-01/Accounts/AC")
TEXT = (MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hello"}, CALL[2])
BOTH = pytest.mark.parametrize("what", [CALL, TEXT], ids=["call", "message"])


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=0.7))


def reached(sandbox: Sandbox) -> int:
    return len(rings(sandbox)) + len(texts(sandbox))


def look(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


LOST = [
    {"kind": "hang", "when": "after"},
    {"kind": "reset", "when": "after"},
    {"kind": "status", "status": 500, "when": "after"},
    {"kind": "garbage", "when": "after"},
]
NEVER_CAME = [fault | {"when": "before"} for fault in LOST]


@BOTH
@pytest.mark.parametrize("fault", LOST, ids=lambda f: f["kind"])
def test_an_answer_that_got_lost_is_found_and_nothing_is_done_twice(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any, fault: dict[str, Any]
) -> None:
    path, body, match = what
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", count=1, match=match, **fault)
    answer = api.post(path, body)
    assert answer.status_code == 202, answer.content
    key = answer.json()["id"]
    assert answer.json()["status"] == "unknown"
    until(lambda: reached(sandbox) == 1)
    run_jobs(seconds=5)
    assert look(api, path, key)["status"] == "unknown"
    run_jobs(seconds=21)
    found = look(api, path, key)
    assert found["provider_sid"]
    finish(api, path, key)
    assert reached(sandbox) == 1
    assert len(posts(sandbox)) == 1
    assert "reconcile" in [entry["source"] for entry in found["timeline"]]


def finish(api: APIClient, path: str, *keys: str) -> None:
    """Let the time go by, five minutes at a time, until all of them have ended well."""
    leaps = count(60, 300)

    def finished() -> bool:
        run_jobs(seconds=next(leaps))
        states = {look(api, path, key)["status"] for key in keys}
        return states <= {"completed", "delivered"}

    until(finished)


@BOTH
@pytest.mark.parametrize("fault", NEVER_CAME, ids=lambda f: f["kind"])
def test_what_never_arrived_is_placed_again_after_two_looks(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any, fault: dict[str, Any]
) -> None:
    path, body, match = what
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", count=1, match=match, **fault)
    key = api.post(path, body).json()["id"]
    run_jobs(seconds=21)
    assert len(posts(sandbox)) == 1
    run_jobs(seconds=32)
    assert len(posts(sandbox)) == 2
    finish(api, path, key)
    assert reached(sandbox) == 1
    details = [entry["detail"] for entry in look(api, path, key)["timeline"]]
    assert "attempt 2" in details


@BOTH
def test_a_callers_retry_with_the_key_is_answered_with_the_same_one(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any
) -> None:
    path, body, match = what
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=match)
    answers = [api.post(path, body, headers={"Idempotency-Key": "k"}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(posts(sandbox)) == 1


@BOTH
def test_a_429_is_answered_and_nothing_is_done_later(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any
) -> None:
    path, body, match = what
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "status", status=429, match=match)
    answer = api.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (429, "provider_rate_limited")
    sandbox.faults.clear()
    for seconds in (25, 60, 600):
        run_jobs(seconds=seconds)
    assert reached(sandbox) == 0
    assert api.get(path).json()["results"][0]["status"] == "failed"


def test_a_short_429_is_waited_out(api: APIClient, twilio_user: User, sandbox: Sandbox) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add(
        "twilio", "status", status=429, headers={"Retry-After": "0"}, count=1, match=CALL[2]
    )
    assert api.post(*CALL[:2]).status_code == 201
    until(lambda: reached(sandbox) == 1)


@BOTH
def test_twilio_down_for_longer_than_anybody_wants_it_ends_in_a_sentence(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any
) -> None:
    path, body, _ = what
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before")
    key = api.post(path, body).json()["id"]
    for seconds in (25, 40, 300, 4000):
        run_jobs(seconds=seconds)
    # A provider that cannot be asked has not said no.
    assert look(api, path, key)["status"] == "unknown"
    sandbox.faults.clear()
    reset("breakers")
    for seconds in (4100, 4200):
        run_jobs(seconds=seconds)
    found = look(api, path, key)
    assert found["status"] == "failed"
    assert found["error"].startswith("It did not reach the provider in time.")
    assert reached(sandbox) == 0


def test_two_lost_calls_to_one_person_are_two_calls(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=CALL[2])
    first = api.post(*CALL[:2]).json()["id"]
    sandbox.faults.add("twilio", "reset", when="before", count=1, match=CALL[2])
    second = api.post(*CALL[:2]).json()["id"]
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    finish(api, CALLS, first, second)
    assert reached(sandbox) == 2
    assert len(set(Call.objects.values_list("provider_sid", flat=True))) == 2


def test_a_guess_gives_way_to_proof(api: APIClient, twilio_user: User, sandbox: Sandbox) -> None:
    """One never came; another one's call between the same numbers is taken for it at first."""
    phone(sandbox, "answer", ring_ms=60_000)
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match=CALL[2])
    lost = api.post(*CALL[:2]).json()["id"]
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=CALL[2])
    other = api.post(*CALL[:2]).json()["id"]
    at = timezone.now()
    # Twilio's clock differs: it took the call when the first one was sent.
    Call.objects.filter(pk=lost).update(attempted_at=at)
    Call.objects.filter(pk=other).update(attempted_at=at - timedelta(hours=1))
    with (
        time_machine.travel(at + timedelta(seconds=21)),
        pytest.raises(RetryLater, match="found at the provider"),
    ):
        calls.pursue(lost)
    ring = Call.objects.get(pk=lost).provider_sid
    assert Call.objects.get(pk=lost).guessed
    holders = [str(twilio_user.pk)]
    report = Report(twilio_user, holders, other, str(ring), "ringing", {}, at)
    twilio_reports.apply(report, Call, now=at)
    assert Call.objects.get(pk=other).provider_sid == ring
    assert Call.objects.get(pk=lost).provider_sid is None
    assert Call.objects.get(pk=lost).status == "unknown"


def test_a_hang_up_during_the_search_means_no_second_attempt(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match=CALL[2])
    key = api.post(*CALL[:2]).json()["id"]
    assert api.post(f"{CALLS}/{key}/hangup").status_code == 202
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    assert look(api, CALLS, key)["status"] == "canceled"
    assert reached(sandbox) == 0


@BOTH
def test_what_is_for_later_is_done_then_or_taken_back(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any
) -> None:
    path, body, _ = what
    when = {"send_at": "2100-01-01T00:00:00Z"}
    assert api.post(path, body | when).status_code == 400
    when = {"send_at": (timezone.now() + timedelta(hours=1)).isoformat()}
    kept, dropped = (api.post(path, body | when) for _ in range(2))
    assert kept.status_code == 201
    assert kept.json()["status"] == "scheduled"
    back = "hangup" if path == CALLS else "cancel"
    assert api.post(f"{path}/{dropped.json()['id']}/{back}").json()["status"] == "canceled"
    run_jobs(seconds=3500)
    assert posts(sandbox) == []
    run_jobs(seconds=3601)
    until(lambda: reached(sandbox) == 1)
    run_jobs(seconds=3700)
    assert look(api, path, dropped.json()["id"])["status"] == "canceled"
    until(lambda: look(api, path, kept.json()["id"])["status"] != "scheduled")
    assert len(posts(sandbox)) == 1


@BOTH
def test_a_retry_after_its_moment_gets_the_first_answer(
    api: APIClient, twilio_user: User, sandbox: Sandbox, what: Any
) -> None:
    path, body, _ = what
    key = {"Idempotency-Key": "later"}
    wanted = body | {"send_at": (timezone.now() + timedelta(seconds=90)).isoformat()}
    first = api.post(path, wanted, headers=key)
    assert first.status_code == 201
    with time_machine.travel(timezone.now() + timedelta(seconds=120), tick=True):
        again = api.post(path, wanted, headers=key)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        # A new request is too late, and leaves its key free.
        key = {"Idempotency-Key": "too late"}
        refused = api.post(path, wanted, headers=key)
        assert refused.status_code == 400
        assert refused.json()["errors"] == {"send_at": ["This moment has passed."]}
        assert api.post(path, body, headers=key).status_code == 201
    assert len(api.get(path).json()["results"]) == 2


def test_one_for_next_week_is_not_forgotten(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    when = {"send_at": (timezone.now() + timedelta(days=7)).isoformat()}
    assert api.post(CALLS, CALL[1] | when).status_code == 201
    week = timedelta(days=7).total_seconds()
    run_jobs(seconds=week - 60)
    assert posts(sandbox) == []
    run_jobs(seconds=week + 1)
    until(lambda: reached(sandbox) == 1)
