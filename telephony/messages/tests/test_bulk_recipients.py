"""Recipients of a batch: wrong ones left out and named, dry runs, long lists."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import OURS, posts, run_jobs
from telephony.messages.models import Message
from telephony.messages.tests.batches import BULK, MANY, shown

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


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
