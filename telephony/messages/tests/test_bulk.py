"""POST /api/v1/twilio/messages/bulk, against the sandbox."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from ava.jobs import RetryLater
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import MESSAGES, OURS, posts, run_jobs, store, texts, until
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.optouts.models import OptOut

pytestmark = pytest.mark.database

BULK = f"{MESSAGES}/bulk"
MANY = [f"+1415555010{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def begin(api: APIClient, **more: Any) -> str:
    body = {"recipients": MANY, "body": "News", "from": OURS, "per_minute": 60, **more}
    answer = api.post(BULK, body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, batch: str) -> dict[str, Any]:
    return dict(api.get(f"{BULK}/{batch}").json())


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


def pausing(api: APIClient, batch: str, *, when: int) -> Callable[[], datetime]:
    """A clock; as it is looked at for the nth time, somebody pauses the batch."""
    looks = count(1)

    def now() -> datetime:
        if next(looks) == when:
            assert api.post(f"{BULK}/{batch}/pause").status_code == 200
        return timezone.now()

    return now


def finish(api: APIClient, sandbox: Sandbox, batch: str, number: int) -> None:
    """Let the time go by until a batch is done, and see that each arrived once."""
    leaps = count(300, 20)

    def done() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown(api, batch)["state"] == "done")

    until(done)
    until(lambda: len(texts(sandbox)) >= number)
    assert len(texts(sandbox)) == number


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": []},
        {"recipients": ["12"]},
        {"recipients": MANY, "messages": [{"to": MANY[0], "body": "x"}]},
        {"per_minute": 0},
        {"body": " "},
        {"recipients": ["+14155550100"] * 10_001},
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(
    api: APIClient, twilio_user: User, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    answer = api.post(BULK, {"recipients": MANY, "body": "News", "from": OURS} | change)
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_failed"
    assert not Message.objects.exists()


BEGIN = "Begin with + and the country code, such as +15005550006."
MIXED = {"recipients": [MANY[0], "12", "\u202a+1 415 555 0102\u202c", 7.5, None], "body": "News"}
LEFT_OUT = [
    {"index": 1, "to": "12", "code": "validation_failed", "detail": BEGIN},
    {"index": 3, "to": "", "code": "validation_failed", "detail": BEGIN},
    {
        "index": 4,
        "to": "",
        "code": "validation_failed",
        "detail": "This field may not be null.",
    },
]


def test_recipients_that_are_wrong_are_left_out_and_named_with_the_reason(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    answer = api.post(BULK, {**MIXED, "from": OURS})
    assert (answer.status_code, answer.json()["total"]) == (201, 2)
    assert answer.json()["rejected"] == LEFT_OUT
    assert shown(api, answer.json()["id"])["rejected"] == LEFT_OUT
    [listed] = api.get(BULK).json()["results"]
    assert "rejected" not in listed
    sent_to = Message.objects.order_by("place").values_list("to", flat=True)
    assert list(sent_to) == [MANY[0], MANY[2]]


def test_messages_that_are_wrong_are_left_out_likewise(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    messages: list[Any] = [{"to": "12", "body": " "}, {"to": MANY[0], "body": "News"}, "x", {}]
    answer = api.post(BULK, {"messages": messages, "from": OURS})
    assert (answer.status_code, answer.json()["total"]) == (201, 1)
    assert [(one["index"], one["to"]) for one in answer.json()["rejected"]] == [
        (0, "12"),
        (2, "x"),
        (3, ""),
    ]
    assert answer.json()["rejected"][0]["detail"] == f"{BEGIN} Write a text."


def test_who_opted_out_is_left_out_of_a_new_batch(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    for number in MANY[:2]:
        api.post("/api/v1/twilio/opt-outs", {"number": number})
    body = {"recipients": [*MANY[:3], "12"], "body": "News", "from": OURS}
    answer = api.post(BULK, body)
    assert (answer.status_code, answer.json()["total"]) == (201, 1)
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [
        (0, "recipient_opted_out"),
        (1, "recipient_opted_out"),
        (3, "validation_failed"),
    ]
    refused = api.post(BULK, {**body, "recipients": MANY[:2]})
    assert (refused.status_code, refused.json()["code"]) == (409, "recipient_opted_out")


def test_a_dry_run_answers_the_same_and_sends_nothing(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    key = {"Idempotency-Key": "dry"}
    body = {**MIXED, "from": OURS}
    tried = api.post(BULK, {**body, "dry_run": True}, headers=key)
    assert tried.status_code == 200
    assert not Message.objects.exists()
    assert api.get(BULK).json()["count"] == 0
    run_jobs()
    assert posts(sandbox) == []
    begun = api.post(BULK, body, headers=key)
    same = ("from", "per_minute", "total", "progress", "rejected")
    assert [tried.json()[name] for name in same] == [begun.json()[name] for name in same]
    assert (tried.json()["id"], tried.json()["state"]) == (None, "dry_run")
    for wrong in ({"recipients": ["12"]}, {"from": "+15005559999"}, {"per_minute": 0}):
        answers = [api.post(BULK, {**body, **wrong, "dry_run": dry}) for dry in (True, False)]
        assert [one.status_code for one in answers] == [400, 400]
        assert answers[0].json()["errors"] == answers[1].json()["errors"]


def test_a_dry_run_spends_nothing_of_the_operators_allowance(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    settings.ENV_CREDENTIALS_PER_DAY = 3
    body = {"recipients": MANY[:3], "body": "News", "from": OURS}
    for _ in range(2):
        assert api.post(BULK, {**body, "dry_run": True}).status_code == 200
    more = {**body, "recipients": MANY, "dry_run": True}
    assert api.post(BULK, more).json()["code"] == "allowance_spent"
    assert api.post(BULK, body).status_code == 201


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


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipients": ["+1x"] * 10_000, "body": "News"},
        {"messages": [{"to": "+1x", "body": ""}] * 10_000},
    ],
)
def test_of_a_long_list_with_nothing_right_the_first_faults_are_enough(
    api: APIClient, wrong: dict[str, Any]
) -> None:
    answer = api.post(BULK, {"from": OURS, **wrong})
    assert answer.status_code == 400
    (name,) = wrong.keys() - {"body"}
    assert {found.split(".")[1] for found in answer.json()["errors"]} == {*map(str, range(20))}
    assert answer.json()["detail"].startswith(f"Check the fields `{name}.0")


def test_a_list_that_is_too_long_is_not_looked_through(api: APIClient) -> None:
    answer = api.post(BULK, {"recipients": [{}] * 10_001, "body": "News", "from": OURS})
    assert answer.json()["errors"] == {
        "recipients": ["Ensure this field has no more than 10000 elements."]
    }
