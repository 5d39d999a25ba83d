"""Times at which the job of an intent that was attempted in the background comes back to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava import upstream
from ava.jobs import executor
from ava.jobs.models import Job
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID
from sandbox.vapi import seed
from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, phone, posts, run_jobs, until
from telephony.intents import dispatch
from telephony.intents.channel import Account
from telephony.messages.models import Message

PAIR = {"to": THEIRS, "from": OURS}
HOUR = 3600
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)


@pytest.fixture(autouse=True)
def _twilio(
    sandbox: Sandbox, settings: Any, twilio_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=0.7))


def later(api: APIClient, path: str, body: dict[str, str]) -> str:
    """Ask for it in an hour."""
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    answer = api.post(path, PAIR | body | {"send_at": when})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


@BOTH
@pytest.mark.parametrize("wanted", [5, 40])
def test_a_429_is_waited_out_for_as_long_as_twilio_wishes(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str], wanted: int
) -> None:
    key = later(api, path, body)
    sandbox.faults.add("twilio", "status", status=429, headers={"Retry-After": str(wanted)})
    before = timezone.now()
    run_jobs(seconds=HOUR)
    after = timezone.now()
    [job] = Job.objects.filter(key=key, state="queued")
    soonest = timedelta(seconds=HOUR + wanted)
    assert before + soonest <= job.due_at <= after + soonest
    assert len(posts(sandbox)) == 1


def test_a_call_of_an_assistant_that_reports_elsewhere_is_looked_at_soon(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    credentials.save(
        user=user, provider="vapi", values={"api_key": "vapi-demo-key"}, actor=user, source="api"
    )
    phone(sandbox, "busy")
    key = later(api, CALLS, {"assistant_id": seed.ASSISTANT_ID})
    run_jobs(seconds=HOUR)
    placed = str(Call.objects.get(pk=key).vapi_call_id)
    until(lambda: (sandbox.vapi.calls.store.get(placed) or {})["status"] == "ended")
    run_jobs(seconds=HOUR + 3)
    assert api.get(f"{CALLS}/{key}").json()["status"] == "busy"


@BOTH
def test_whoever_dies_after_the_claim_is_followed_by_the_same_job(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    key = later(api, path, body)
    row = (Call if path == CALLS else Message).objects.get(pk=key)
    with time_machine.travel(timezone.now() + timedelta(seconds=HOUR), tick=True):
        # As far as the run of a job gets before it is killed.
        job = executor.Turns().claim(urgent=False)
        assert job is not None
        assert job.key == key
        account = Account(ACCOUNT_SID, row.holder)
        assert dispatch.claim(row, account=account, now=timezone.now())
    for seconds in (70, 81):
        run_jobs(seconds=HOUR + seconds)
    details = [entry["detail"] for entry in api.get(f"{path}/{key}").json()["timeline"]]
    assert details[1] == "attempt 1"
    assert details[2].startswith("AVA stopped in the middle.")
    assert details[3].startswith("attempt 2")
    assert len(posts(sandbox)) == 1
