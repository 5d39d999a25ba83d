"""Batches that are held, and what lets them go on."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from ava.jobs import RetryLater
from ava.jobs.models import Job
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import MESSAGES, OURS, posts, run_jobs, store, texts, until
from telephony.messages import bulk_job
from telephony.messages.models import Batch, Message
from telephony.messages.tests.batches import pausing
from tests.resets import reset

pytestmark = pytest.mark.database

BULK = f"{MESSAGES}/bulk"
MANY = [f"+1415555010{number}" for number in range(4)]
SENDING = "POST /2010-04-01"
MISSING = "Twilio credentials not configured. Add them in Settings."


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def begin(api: APIClient, *recipients: str) -> str:
    api.get("/api/v1/twilio/numbers")
    body = {"recipients": recipients or MANY, "body": "News", "from": OURS}
    return str(api.post(BULK, body).json()["id"])


def shown(api: APIClient, batch: str) -> dict[str, Any]:
    return dict(api.get(f"{BULK}/{batch}").json())


def stands(api: APIClient, batch: str) -> tuple[str, str]:
    now = shown(api, batch)
    return now["state"], now["error"]


def forget(user: User) -> None:
    """Delete the user's credentials, as they can themselves."""
    credentials.delete(user=user, provider="twilio", actor=user, source="api")


def finish(api: APIClient, sandbox: Sandbox, batch: str) -> None:
    """Let the time go by until it is done, and see that each got one message."""
    leaps = count(60, 60)

    def done() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown(api, batch)["state"] == "done")

    until(done)
    until(lambda: len(texts(sandbox)) >= len(MANY))
    assert sorted(one["to"] for one in texts(sandbox)) == MANY
    assert stands(api, batch) == ("done", "")


def test_a_batch_without_credentials_says_so_and_goes_on_when_they_are_back(
    api: APIClient, twilio_user: User, sandbox: Sandbox, operator: User, client: Client
) -> None:
    batch = begin(api)
    run_jobs()
    forget(twilio_user)
    run_jobs(seconds=2)
    assert stands(api, batch) == ("paused", MISSING)
    client.force_login(operator)
    assert MISSING in client.get("/admin/telephony/batch/").content.decode()
    store(twilio_user)
    run_jobs(seconds=3)
    assert stands(api, batch) == ("running", "")
    finish(api, sandbox, batch)


def test_credentials_that_come_back_do_not_undo_a_persons_pause(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    forget(twilio_user)
    run_jobs()
    assert api.post(f"{BULK}/{batch}/pause").json()["error"] == ""
    store(twilio_user)
    run_jobs(seconds=600)
    assert stands(api, batch) == ("paused", "")
    assert posts(sandbox) == []
    api.post(f"{BULK}/{batch}/resume")
    finish(api, sandbox, batch)


def test_a_message_that_goes_out_does_not_undo_a_pause_of_this_moment(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    forget(twilio_user)
    run_jobs()
    store(twilio_user)
    with pytest.raises(RetryLater):
        bulk_job.send_next(batch, clock=pausing(api, batch, when=2))
    assert len(posts(sandbox)) == 1
    assert stands(api, batch) == ("paused", "")


def test_a_batch_that_is_resumed_too_early_is_paused_again(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    forget(twilio_user)
    run_jobs()
    assert api.post(f"{BULK}/{batch}/resume").json()["state"] == "running"
    run_jobs()
    assert stands(api, batch) == ("paused", MISSING)
    assert api.post(f"{BULK}/{batch}/cancel").json()["progress"] == {"canceled": 4}
    assert stands(api, batch) == ("canceled", "")


def test_after_two_days_a_batch_waits_for_a_person(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    forget(twilio_user)
    run_jobs()
    Batch.objects.update(held_at=timezone.now() - timedelta(days=2))
    run_jobs(seconds=61)
    assert stands(api, batch) == ("paused", f"{MISSING} Then resume the batch.")
    store(twilio_user)
    run_jobs(seconds=3600)
    assert posts(sandbox) == []
    api.post(f"{BULK}/{batch}/resume")
    finish(api, sandbox, batch)


def test_a_token_that_twilio_refuses_costs_no_recipient_their_message(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    store(twilio_user, auth_token="0" * 32)
    run_jobs()
    state, error = stands(api, batch)
    assert state == "paused"
    assert error.startswith("Invalid Twilio API key.")
    assert shown(api, batch)["progress"] == {"scheduled": 4}
    run_jobs(seconds=600)
    assert len(posts(sandbox)) == 1
    store(twilio_user)
    run_jobs(seconds=3)
    assert stands(api, batch) == ("running", "")
    finish(api, sandbox, batch)


def test_a_batch_never_changes_over_to_another_account(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": "AC" + "b" * 32,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    batch = begin(api)
    forget(twilio_user)
    run_jobs()
    state, error = stands(api, batch)
    assert state == "paused"
    assert error.startswith(f"This began with the Twilio account ...{ACCOUNT_SID[-4:]}")
    assert posts(sandbox) == []


def test_a_sender_that_twilio_does_not_take_holds_all_of_the_batch(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    sandbox.faults.add("twilio", "status", status=500, match="GET /2010-04-01")
    body = {"recipients": MANY, "body": "News", "from": "+15005550099"}
    batch = str(api.post(BULK, body).json()["id"])
    sandbox.faults.clear()
    reset("breakers")
    run_jobs()
    said = "This number is not in your Twilio account, or cannot send SMS there. Choose another."
    assert stands(api, batch) == ("paused", said)
    assert shown(api, batch)["progress"] == {"scheduled": 4}


def test_an_address_of_avas_that_twilio_does_not_take_holds_all_of_the_batch(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_URL = "ftp://ava.example.com"
    batch = begin(api)
    run_jobs()
    state, said = stands(api, batch)
    assert (state, "The operator must set AVA_PUBLIC_URL" in said) == ("paused", True)
    assert shown(api, batch)["progress"].keys() == {"scheduled"}


def test_a_recipient_that_twilio_does_not_take_is_their_own_affair(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    landline = "+15005550009"
    batch = begin(api, landline, MANY[0])
    run_jobs()
    assert stands(api, batch) == ("running", "")
    run_jobs(seconds=2)
    assert shown(api, batch)["progress"] == {"failed": 1, "queued": 1}


def test_while_twilio_is_down_a_batch_says_so_and_fills_no_timeline(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    sandbox.faults.add("twilio", "reset", when="before")
    for _ in range(3):
        api.get("/api/v1/twilio/numbers")
    for seconds in (0, 5, 10, 15):
        run_jobs(seconds=seconds)
        state, error = stands(api, batch)
        assert state == "running"
        assert error.startswith("Twilio is temporarily unavailable.")
    assert not Message.objects.exclude(timeline=None).exists()
    sandbox.faults.clear()
    reset("breakers")
    finish(api, sandbox, batch)


@pytest.mark.parametrize("fate", ["dead", "lost"])
def test_a_batch_whose_job_was_given_up_or_lost_goes_on(
    api: APIClient, twilio_user: User, sandbox: Sandbox, fate: str
) -> None:
    batch = begin(api)
    run_jobs()
    jobs = Job.objects.filter(kind="telephony.batch")
    if fate == "lost":
        jobs.delete()
    else:
        jobs.update(state=Job.State.DEAD, finished_at=timezone.now())
    run_jobs(seconds=60)
    assert len(posts(sandbox)) == 1
    Job.objects.create(
        kind="telephony.sweep", key="periodic", due_at=timezone.now(), created_at=timezone.now()
    )
    finish(api, sandbox, batch)
