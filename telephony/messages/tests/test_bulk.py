"""POST /api/v1/twilio/messages/bulk, against the sandbox."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ava.jobs import RetryLater
from sandbox.server import Sandbox
from telephony.conftest import OURS, posts, run_jobs, store, texts, until
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.messages.tests.batches import BULK, MANY, begin, finish, pausing, shown
from telephony.optouts.models import OptOut

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def test_each_recipient_gets_one_message_at_the_pace(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api, recipients=[*MANY, MANY[0]])
    assert shown(api, batch) | {"id": batch} == shown(api, batch)
    assert (shown(api, batch)["total"], shown(api, batch)["progress"]) == (6, {"scheduled": 6})
    run_jobs()
    assert len(posts(sandbox)) == 1
    run_jobs(seconds=0.5)
    assert len(posts(sandbox)) == 1
    leaps = count(2, 2)

    def done() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown(api, batch)["state"] == "done")

    until(done)
    until(lambda: len(texts(sandbox)) == 6)
    assert sorted(one["to"] for one in texts(sandbox)) == MANY
    times = sorted(Message.objects.values_list("timeline__at", flat=True))
    assert (times[-1] - times[0]).total_seconds() >= 5


def test_a_batch_is_paused_resumed_and_ended(
    api: APIClient, strangers_api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    run_jobs()
    assert strangers_api.post(f"{BULK}/{batch}/pause").status_code == 404
    assert api.post(f"{BULK}/{batch}/pause").json()["state"] == "paused"
    run_jobs(seconds=5)
    assert len(posts(sandbox)) == 1
    assert api.post(f"{BULK}/{batch}/resume").json()["state"] == "running"
    run_jobs(seconds=10)
    assert len(posts(sandbox)) >= 2
    ended = api.post(f"{BULK}/{batch}/cancel").json()
    sent = len(posts(sandbox))
    assert (ended["state"], ended["progress"]["canceled"]) == ("canceled", 6 - sent)
    run_jobs(seconds=60)
    assert len(posts(sandbox)) == sent
    again = api.post(f"{BULK}/{batch}/resume")
    assert (again.status_code, again.json()["code"]) == (409, "batch_ended")


def test_who_opted_out_gets_none_and_the_others_theirs(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    messages = [{"to": MANY[0], "body": "One"}, {"to": MANY[1], "body": "Two"}]
    answer = api.post(BULK, {"messages": messages, "from": OURS})
    batch = answer.json()["id"]
    OptOut.objects.create(holder=str(twilio_user.pk), number=OURS, person=MANY[0])
    run_jobs()
    run_jobs(seconds=3)
    until(lambda: [one["body"] for one in texts(sandbox)] == ["Two"])
    assert shown(api, batch)["progress"]["failed"] == 1


def test_twilio_in_trouble_holds_the_batch_and_loses_none(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    match = "POST /2010-04-01"
    sandbox.faults.add("twilio", "status", status=429, count=2, match=match)
    batch = begin(api, recipients=MANY[:2])
    leaps = count(0, 20)

    def done() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown(api, batch)["state"] == "done")

    until(done)
    until(lambda: len(texts(sandbox)) == 2)
    assert shown(api, batch)["progress"].get("failed") is None


def test_nothing_of_a_paused_batch_is_sent_although_twilio_had_no_time_for_it(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "status", status=429, match="POST /2010-04-01")
    batch = begin(api, recipients=MANY[:4])
    run_jobs()
    assert api.post(f"{BULK}/{batch}/pause").json()["progress"] == {"scheduled": 4}
    sandbox.faults.clear()
    sandbox.clear_requests()
    for seconds in (20, 60, 300):
        run_jobs(seconds=seconds)
    assert posts(sandbox) == []
    api.post(f"{BULK}/{batch}/resume")
    finish(api, sandbox, batch, 4)


def test_a_pause_just_before_a_message_is_claimed_holds_it_back(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    batch = begin(api)
    with pytest.raises(RetryLater):
        bulk_job.send_next(batch, clock=pausing(api, batch, when=1))
    assert shown(api, batch)["progress"] == {"scheduled": 6}
    assert posts(sandbox) == []


def test_no_recipient_gets_the_same_text_twice(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    written = [("+1 415 555 0100", "One"), ("+14155550100", "One"), ("+14155550100", "Two")]
    messages = [{"to": to, "body": body} for to, body in written]
    answer = api.post(BULK, {"messages": messages, "from": OURS})
    assert answer.json()["total"] == 2
    found = Message.objects.order_by("place").values_list("to", "body")
    assert list(found) == [("+14155550100", "One"), ("+14155550100", "Two")]


def test_a_list_of_batches_costs_as_much_as_one(
    api: APIClient,
    twilio_user: User,
    sandbox: Sandbox,
    operator: User,
    client: Client,
    reset: Callable[..., None],
) -> None:
    client.force_login(operator)
    costs = []
    for _ in range(2):
        for _ in range(3):
            begin(api)
        reset()  # what is remembered for a second is asked for both times
        with CaptureQueriesContext(connection) as asked:
            answer = api.get(BULK)
            assert all(one["progress"] == {"scheduled": 6} for one in answer.json()["results"])
        reset()
        with CaptureQueriesContext(connection) as shown_to_operator:
            assert "6 scheduled" in client.get("/admin/telephony/batch/").content.decode()
        costs.append((len(asked), len(shown_to_operator)))
    assert costs[0] == costs[1]


def test_a_slow_batch_of_one_user_does_not_slow_another_users_from_the_same_number(
    api: APIClient, strangers_api: APIClient, twilio_user: User, stranger: User, sandbox: Sandbox
) -> None:
    store(stranger)
    begin(strangers_api, recipients=MANY[3:], per_minute=1)
    begin(api, recipients=MANY[:3])
    for seconds in (0, 2, 4):
        run_jobs(seconds=seconds)
    sent = Message.objects.filter(owner=twilio_user, provider_sid__isnull=False)
    assert sent.count() == 3


def test_the_same_key_begins_one_batch(api: APIClient, twilio_user: User, sandbox: Sandbox) -> None:
    key = {"Idempotency-Key": "b-1"}
    body = {"recipients": MANY, "body": "News", "from": OURS}
    first, second = (api.post(BULK, body, headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert Message.objects.count() == 6
