"""Daily allowance of users who are served by the operator's credentials, against the sandbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from conftest import client_of
from integrations.credentials.models import OperatorUse
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.vapi import seed
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, store

pytestmark = pytest.mark.database

CALL = {"to": THEIRS, "from": OURS, "say": "Hello"}
BY_ASSISTANT = {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}
MESSAGE = {"to": THEIRS, "from": OURS, "body": "Hi"}
BULK = f"{MESSAGES}/bulk"
LATE = datetime(2031, 5, 6, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _operators(sandbox: Sandbox, settings: Any) -> None:
    """The operator lets everybody place three a day."""
    settings.RATE_LIMIT_PER_MINUTE = 1000
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "AVA_API_VAPI_API_KEY": "vapi-demo-key",
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.ENV_CREDENTIALS_PER_DAY = 3


def batch(size: int) -> dict[str, Any]:
    people = [f"+1415555{2000 + number}" for number in range(size)]
    return {"recipients": people, "from": OURS, "body": "Hi"}


def placed_at_vapi(sandbox: Sandbox) -> list[Any]:
    return [one for one in sandbox.requests("vapi") if one.method == "POST"]


def left(api: APIClient, provider: str = "twilio") -> Any:
    rows = {row["provider"]: row for row in api.get("/api/v1/integrations").json()["results"]}
    return rows[provider]["allowance"] and rows[provider]["allowance"]["left"]


def test_calls_and_messages_are_counted_together_and_then_refused(
    api: APIClient, sandbox: Sandbox
) -> None:
    assert api.post(CALLS, CALL).status_code == 201
    assert api.post(MESSAGES, MESSAGE).status_code == 201
    assert api.post(CALLS, CALL).status_code == 201
    for path, body in ((CALLS, CALL), (MESSAGES, MESSAGE), (BULK, batch(1))):
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (429, "allowance_spent")
        assert answer.json()["detail"] == (
            "Your operator's Twilio credentials allow you 3 calls and messages a day: 0 are left "
            "until midnight UTC. Wait until then, or store Twilio credentials of your own in "
            "Settings."
        )
        assert 0 < answer.json()["retry_after"] <= 86_400
        assert answer["Retry-After"] == str(answer.json()["retry_after"])
    assert len(posts(sandbox)) == 3


def test_another_user_has_an_allowance_of_their_own(
    api: APIClient, strangers_api: APIClient, sandbox: Sandbox
) -> None:
    for _ in range(4):
        strangers_api.post(MESSAGES, MESSAGE)
    assert len(posts(sandbox)) == 3
    assert left(api) == 3
    assert api.post(MESSAGES, MESSAGE).status_code == 201


def test_own_credentials_lift_it_and_are_not_counted(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    for _ in range(3):
        api.post(MESSAGES, MESSAGE)
    store(user)
    assert api.post(MESSAGES, MESSAGE).status_code == 201
    assert api.post(BULK, batch(4)).status_code == 201
    assert OperatorUse.objects.get().count == 3
    assert left(api) is None


def test_each_recipient_of_a_batch_counts(api: APIClient, sandbox: Sandbox) -> None:
    assert api.post(BULK, batch(2)).status_code == 201
    assert left(api) == 1
    answer = api.post(BULK, batch(2))
    assert answer.status_code == 429
    assert "1 are left until midnight UTC, and this takes 2." in answer.json()["detail"]
    assert api.get(BULK).json()["count"] == 1
    assert left(api) == 1


def test_a_batch_above_the_limit_gets_no_retry_after(api: APIClient) -> None:
    answer = api.post(BULK, batch(4))
    assert answer.status_code == 429
    assert "retry_after" not in answer.json()
    assert "this takes 4. Store Twilio credentials of your own" in answer.json()["detail"]


def test_an_assistants_call_counts_with_the_operators_vapi_key(
    api: APIClient, sandbox: Sandbox
) -> None:
    for _ in range(3):
        assert api.post(CALLS, BY_ASSISTANT).status_code == 201
    refused = api.post(CALLS, BY_ASSISTANT)
    assert "Your operator's Vapi credentials" in refused.json()["detail"]
    assert len(placed_at_vapi(sandbox)) == 3
    assert (left(api, "vapi"), left(api, "twilio")) == (0, 3)


def test_a_repeat_under_the_same_key_counts_once(api: APIClient, sandbox: Sandbox) -> None:
    once = {"headers": {"Idempotency-Key": "k"}}
    for path, body in ((CALLS, CALL), (MESSAGES, MESSAGE), (BULK, batch(1))):
        ids = {api.post(path, body, **once).json()["id"] for _ in range(3)}
        assert len(ids) == 1
    assert left(api) == 0
    assert api.post(CALLS, CALL, **once).status_code == 201


def test_what_is_refused_before_it_is_placed_does_not_count(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    past = {**CALL, "send_at": "2020-01-01T00:00:00Z"}
    unknown = {**CALL, "from": "+15005550001"}
    for body in (past, unknown):
        assert api.post(CALLS, body).status_code == 400
    sandbox.faults.add("twilio", "status", status=400, match="POST /2010-04-01")
    assert api.post(CALLS, CALL).status_code >= 400
    assert left(api) == 3


def test_what_may_have_been_placed_counts(api: APIClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("twilio", "reset", when="after", count=1, match="POST /2010-04-01")
    assert api.post(MESSAGES, MESSAGE).status_code == 202
    assert left(api) == 2


def test_an_allowance_of_none_places_none(api: APIClient, sandbox: Sandbox, settings: Any) -> None:
    settings.ENV_CREDENTIALS_PER_DAY = 0
    answer = api.post(MESSAGES, MESSAGE)
    assert answer.status_code == 429
    assert "retry_after" not in answer.json()
    assert posts(sandbox) == []


def test_the_day_ends_at_midnight_utc(user: User, sandbox: Sandbox) -> None:
    with time_machine.travel(LATE, tick=False) as clock:
        api = client_of(user)
        for _ in range(3):
            assert api.post(MESSAGES, MESSAGE).status_code == 201
        answer = api.post(MESSAGES, MESSAGE)
        assert answer.json()["retry_after"] == 1800
        clock.shift(1800)
        assert client_of(user).post(MESSAGES, MESSAGE).status_code == 201


def test_the_overview_says_what_is_left_and_what_to_do(api: APIClient) -> None:
    def shown() -> dict[str, Any]:
        rows = api.get("/api/v1/integrations").json()["results"]
        return {row["provider"]: row for row in rows}

    fresh = shown()["twilio"]
    assert (fresh["source"], fresh["allowance"]["limit"], fresh["allowance"]["left"]) == (
        "environment",
        3,
        3,
    )
    assert fresh["allowance"]["resets_at"].endswith("T00:00:00Z")
    assert shown()["smtp"]["allowance"] is None
    for _ in range(3):
        api.post(MESSAGES, MESSAGE)
    assert shown()["twilio"]["allowance"]["left"] == 0
    assert "used up until midnight UTC" in shown()["twilio"]["next_step"]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_the_limit_are_placed(user: User, sandbox: Sandbox) -> None:
    gate = Barrier(8)

    def send(api: APIClient) -> int:
        gate.wait(30)
        try:
            return int(api.post(MESSAGES, MESSAGE).status_code)
        finally:
            connections.close_all()

    clients = [client_of(user) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, clients))
    assert sorted(answers) == [201] * 3 + [429] * 5
    assert len(posts(sandbox)) == 3
    assert OperatorUse.objects.get().count == 3


def test_the_operator_sees_who_used_how_much_and_changes_nothing(
    api: APIClient, operator: User, client: Client
) -> None:
    api.post(MESSAGES, MESSAGE)
    client.force_login(operator)
    page = "/admin/integrations/operatoruse/"
    assert "ada" in client.get(page).content.decode()
    assert client.get(f"{page}add/").status_code == 403
    row = OperatorUse.objects.get()
    assert client.post(f"{page}{row.pk}/change/", {"count": 0}).status_code == 403


def test_old_counts_are_pruned(user: User, api: APIClient) -> None:
    OperatorUse.objects.create(user=user, provider="twilio", day="2020-01-01", count=1)
    api.post(MESSAGES, MESSAGE)
    call_command("prune", verbosity=0)
    assert OperatorUse.objects.get().day.year > 2020
