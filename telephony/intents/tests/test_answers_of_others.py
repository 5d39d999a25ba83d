"""Answers that are not Twilio's own: a gateway may give them after the phone has rung."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from sandbox.server import Sandbox
from sandbox.wire import Answer, json_answer
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, rings, run_jobs, texts, until

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
POST = "POST /2010-04-01/Accounts/AC"
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)


@pytest.fixture(autouse=True)
def _twilio(
    sandbox: Sandbox, settings: Any, twilio_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=2.0))


def reached(sandbox: Sandbox) -> int:
    return len(rings(sandbox)) + len(texts(sandbox))


HTML = b"<html>"


@BOTH
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (302, {"code": 20001, "message": "moved", "status": 302}),
        (404, HTML),
        (400, {"message": "bad"}),
        (404, {"code": 5, "message": "Not Found"}),
        (403, HTML),
        (401, {"code": True}),
    ],
)
def test_what_is_not_twilios_own_refusal_is_no_proof_that_nothing_was_done(
    api: APIClient,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: dict[str, str],
    status: int,
    said: Any,
) -> None:
    api.get("/api/v1/twilio/numbers")

    def failure(status: int) -> Answer:
        return Answer(status, said) if said is HTML else json_answer(status, said)

    monkeypatch.setattr(sandbox.twilio, "failure", failure)
    sandbox.faults.add("twilio", "status", status=status, when="after", count=1, match=POST)
    answer = api.post(path, PAIR | body)
    assert (answer.status_code, answer.json()["status"]) == (202, "unknown")
    until(lambda: reached(sandbox) == 1)
    run_jobs(seconds=21)
    assert api.get(f"{path}/{answer.json()['id']}").json()["provider_sid"]
    assert len(posts(sandbox)) == 1


@BOTH
@pytest.mark.parametrize(
    ("status", "ours"), [(400, 502), (404, 404), (401, 401)], ids=["400", "404", "401"]
)
def test_twilios_own_refusal_is_answered_at_once(
    api: APIClient,
    sandbox: Sandbox,
    path: str,
    body: dict[str, str],
    status: int,
    ours: int,
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "status", status=status, count=1, match=POST)
    assert api.post(path, PAIR | body).status_code == ours
    assert api.get(path).json()["results"][0]["status"] == "failed"
