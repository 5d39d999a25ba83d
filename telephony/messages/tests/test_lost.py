"""Messages of a batch whose answer got lost: it is open whether Twilio has them."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.conftest import posts, run_jobs, texts
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.messages.tests.batches import BULK, MANY, begin, finish, shown
from telephony.messages.twilio_messages import CHANNEL


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def test_one_that_got_lost_waits_for_its_batch_and_comes_at_its_pace(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match="POST /2010-04-01")
    batch = begin(api, recipients=MANY[:2])
    run_jobs()
    assert shown(api, batch)["progress"] == {"unknown": 1, "scheduled": 1}
    api.post(f"{BULK}/{batch}/pause")
    for seconds in (21, 32, 60):
        run_jobs(seconds=seconds)
    assert len(posts(sandbox)) == 1
    assert shown(api, batch)["progress"] == {"scheduled": 2}
    api.post(f"{BULK}/{batch}/resume")
    finish(api, sandbox, batch, 2)
    assert sorted(one["to"] for one in texts(sandbox)) == MANY[:2]


def test_one_that_is_sent_again_meanwhile_is_not_put_back_a_second_time(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match="POST /2010-04-01")
    sandbox.faults.add("twilio", "reset", when="after", count=1, match="POST /2010-04-01")
    batch = begin(api, recipients=MANY[:1])
    run_jobs()
    late = Message.objects.get()
    for seconds in (21, 32, 40):
        run_jobs(seconds=seconds)
    assert Message.objects.get().attempt == late.attempt + 1
    # A job that has searched for the first attempt all the time.
    bulk_job.put_back(late, CHANNEL)
    finish(api, sandbox, batch, 1)


def test_a_batch_is_not_done_while_one_of_it_is_looked_for(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match="POST /2010-04-01")
    batch = begin(api, recipients=MANY[:1])
    for seconds in (0, 5, 21):
        run_jobs(seconds=seconds)
        assert shown(api, batch)["state"] == "running"
    finish(api, sandbox, batch, 1)


def test_one_that_never_arrived_ends_with_its_batch(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match="POST /2010-04-01")
    batch = begin(api, recipients=MANY[:1])
    run_jobs()
    assert api.post(f"{BULK}/{batch}/cancel").json()["progress"] == {"unknown": 1}
    for seconds in (21, 32, 60):
        run_jobs(seconds=seconds)
    assert shown(api, batch)["progress"] == {"canceled": 1}
    assert len(posts(sandbox)) == 1
