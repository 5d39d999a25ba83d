"""A batch of many is written in short transactions: all of it, or nothing of it is sent."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from ava.idempotency.services import InProgress
from ava.jobs import services as background
from ava.jobs.models import Job
from conftest import client_of
from sandbox.server import Sandbox
from telephony import services
from telephony.conftest import MESSAGES, OURS, posts, run_jobs, store
from telephony.messages import bulk, bulk_job
from telephony.messages.models import Batch, Message

pytestmark = pytest.mark.django_db(transaction=True)

BULK = f"{MESSAGES}/bulk"
KEY = {"Idempotency-Key": "once"}
MANY = [f"+1415555{number:04}" for number in range(25)]
BODY = {"recipients": MANY, "body": "News", "from": OURS, "per_minute": 60}


@pytest.fixture(autouse=True)
def _providers(
    twilio_user: User, sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000
    monkeypatch.setattr(bulk, "CHUNK", 10)


class Killed(BaseException):
    """The end of a process. Nothing of AVA's takes it for an error."""


@contextmanager
def killed_at(statement: str, number: int) -> Iterator[None]:
    """The process dies as it sends the database such a statement for the so manieth time."""
    seen = 0

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += sql.startswith(statement)
        if seen == number:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch), pytest.raises(Killed):
        yield


def statuses(batch: str) -> list[str]:
    return sorted(
        set(Message.objects.filter(batch=uuid.UUID(batch)).values_list("status", flat=True))
    )


def test_no_transaction_writes_more_than_a_few_of_many_messages(api: APIClient) -> None:
    with CaptureQueriesContext(connection) as asked:
        batch = api.post(BULK, BODY).json()
        assert (batch["state"], batch["total"]) == ("running", 25)
        assert api.post(f"{BULK}/{batch['id']}/cancel").json()["progress"] == {"canceled": 25}
    written, most = 0, 0
    for one in asked.captured_queries:
        if one["sql"] in ("COMMIT", "BEGIN", "BEGIN IMMEDIATE"):
            written = 0
        if one["sql"].startswith(('INSERT INTO "telephony_message', 'UPDATE "telephony_message')):
            written += 1
            most = max(most, written)
    # Of a cancelled one the message and its entry.
    assert most == 2
    assert sum(one["sql"].startswith('INSERT INTO "telephony_message" ') for one in asked) == 3


def test_half_a_batch_that_a_kill_left_is_neither_sent_nor_seen(
    api: APIClient, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    with killed_at('INSERT INTO "telephony_message" ', 2):
        api.post(BULK, BODY, headers=KEY)
    left = Batch.objects.get()
    assert left.messages.count() == 10
    assert api.get(BULK).json()["results"] == []
    for verb in ("pause", "resume", "cancel"):
        assert api.post(f"{BULK}/{left.pk}/{verb}").status_code == 404
    services.reconcile(only_lost=True)
    bulk_job.send_next(str(left.pk))
    run_jobs(seconds=120)
    assert posts(sandbox) == []


def test_the_same_key_begins_a_killed_batch_anew(api: APIClient, sandbox: Sandbox) -> None:
    with killed_at('INSERT INTO "telephony_message" ', 3):
        api.post(BULK, BODY, headers=KEY)
    assert api.post(BULK, BODY, headers=KEY).status_code == 409
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
        begun = api.post(BULK, BODY, headers=KEY)
        again = api.post(BULK, BODY, headers=KEY)
    assert (begun.status_code, begun.json()["total"]) == (201, 25)
    assert again.json()["id"] == begun.json()["id"]
    assert sorted(Message.objects.values_list("to", flat=True)) == MANY
    assert [str(batch.pk) for batch in Batch.objects.all()] == [begun.json()["id"]]
    run_jobs(seconds=70)
    assert len(posts(sandbox)) == 1


def test_what_is_all_stored_as_its_key_is_taken_over_is_kept_and_goes_out_once(
    api: APIClient, sandbox: Sandbox
) -> None:
    with killed_at('UPDATE "telephony_batch" ', 1):
        api.post(BULK, BODY, headers=KEY)
    [batch] = Batch.objects.all()

    def start(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """The first request was slow, not dead."""
        if sql.startswith(('DELETE FROM "telephony_message"', 'UPDATE "telephony_batch" ')):
            sql_, params_ = (
                "UPDATE telephony_batch SET state = %s WHERE state = %s",
                ("running", "canceled"),
            )
            execute(sql_, params_, many, context)
        return execute(sql, params, many, context)

    with (
        time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True),
        connection.execute_wrapper(start),
    ):
        answer = api.post(BULK, BODY, headers=KEY)
    assert (answer.status_code, answer.json()["id"]) == (201, str(batch.pk))
    assert Message.objects.count() == 25


def test_the_sweep_deletes_what_a_killed_request_left_and_nothing_else(api: APIClient) -> None:
    whole = api.post(BULK, BODY).json()["id"]
    with killed_at('INSERT INTO "telephony_message" ', 2):
        api.post(BULK, BODY)
    api.post(f"{BULK}/{whole}/cancel")
    for minutes, batches in ((1, 2), (11, 1)):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
            bulk.sweep()
        assert Batch.objects.count() == batches
    assert statuses(whole) == ["canceled"]
    assert Message.objects.count() == 25


def test_who_still_stores_a_batch_whose_key_was_taken_over_starts_nothing(user: User) -> None:
    batch = Batch(owner=user, from_number=OURS, per_minute=60)

    def messages() -> Iterator[Message]:
        for place, to in enumerate(MANY):
            if place == 15:
                bulk.discard(batch)
            yield Message(
                owner=user,
                batch=batch,
                place=place,
                to=to,
                from_number=OURS,
                body="News",
                status="scheduled",
            )

    with pytest.raises(InProgress):
        bulk.store(batch, messages())
    assert (Batch.objects.count(), Message.objects.count(), Job.objects.count()) == (0, 0, 0)


def test_an_end_that_a_kill_cut_short_sends_nothing_and_is_completed(
    api: APIClient, sandbox: Sandbox
) -> None:
    batch = api.post(BULK, BODY).json()["id"]
    with killed_at('UPDATE "telephony_message" ', 2):
        api.post(f"{BULK}/{batch}/cancel")
    assert statuses(batch) == ["canceled", "scheduled"]
    run_jobs(seconds=60)
    assert posts(sandbox) == []
    background.ensure_periodic()
    run_jobs(seconds=60)
    assert api.get(f"{BULK}/{batch}").json()["progress"] == {"canceled": 25}


def test_jobs_that_the_sweep_makes_anew_are_their_owners(api: APIClient, user: User) -> None:
    api.post(MESSAGES, {"to": MANY[0], "body": "Hello", "from": OURS})
    batch = api.post(BULK, BODY).json()["id"]
    whose = dict(Job.objects.values_list("kind", "tenant"))
    assert whose == {"telephony.message": str(user.pk), "telephony.batch": str(user.pk)}
    Job.objects.exclude(key=batch).delete()
    services.reconcile(only_lost=True)
    assert dict(Job.objects.values_list("kind", "tenant")) == whose


def test_a_user_stores_so_many_messages_in_a_day_and_no_more(
    api: APIClient, strangers_api: APIClient, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A canceled batch takes its room on the disk, too."""
    monkeypatch.setattr(bulk, "MOST_IN_A_DAY", 60)
    store(stranger)
    for _ in range(2):
        batch = api.post(BULK, BODY).json()["id"]
        api.post(f"{BULK}/{batch}/cancel")
    answer = api.post(BULK, BODY)
    assert (answer.status_code, answer.json()["code"]) == (429, "batches_spent")
    assert "60 messages in batches" in answer.json()["detail"]
    assert "10 are left" in answer.json()["detail"]
    assert Message.objects.count() == 50
    assert strangers_api.post(BULK, BODY).status_code == 201
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        assert client_of(User.objects.get(username="ada")).post(BULK, BODY).status_code == 201
