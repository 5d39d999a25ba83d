"""Operators: the admin and the commands."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from ava.jobs.models import Job
from sandbox.server import Sandbox
from sandbox.twilio.senders import SERVICE_SID, SHORT_CODE
from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, phone, until

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.fixture
def desk(operator: User, client: Client) -> Client:
    client.force_login(operator)
    return client


def placed(api: APIClient) -> str:
    body = {"to": THEIRS, "from": OURS, "say": "Hello"}
    answer = api.post(CALLS, body, headers={"X-Correlation-ID": "find-me"})
    return str(answer.json()["id"])


@pytest.mark.parametrize("rows", ["call", "message", "batch", "optout"])
def test_each_list_is_shown(desk: Client, api: APIClient, twilio_user: User, rows: str) -> None:
    placed(api)
    api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"})
    api.post(f"{MESSAGES}/bulk", {"recipients": [THEIRS], "body": "Hi", "from": OURS})
    assert desk.get(f"/admin/telephony/{rows}/").status_code == 200
    assert desk.get(f"/admin/telephony/{rows}/add/").status_code == 403


def test_a_call_is_found_by_its_correlation_id_with_its_timeline(
    desk: Client, api: APIClient, twilio_user: User
) -> None:
    call = placed(api)
    assert call in desk.get("/admin/telephony/call/?q=find-me").content.decode()
    page = desk.get(f"/admin/telephony/call/{call}/change/").content.decode()
    assert "attempt 1" in page
    assert "find-me" in page


def test_an_operator_hangs_up(
    desk: Client, api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = placed(api)
    order = {"action": "hang_up", "_selected_action": [call]}
    desk.post("/admin/telephony/call/", order)
    until(lambda: Call.objects.get().is_final or Call.objects.get().stop_requested)
    page = desk.post("/admin/telephony/call/", order, follow=True).content.decode()
    assert Call.objects.get().stop_requested
    assert "hung up" in page or "ended already" in page


def test_reconcile_calls_has_all_open_ones_looked_after(api: APIClient, twilio_user: User) -> None:
    placed(api)
    Job.objects.all().delete()
    out = StringIO()
    call_command("reconcile_calls", stdout=out)
    assert out.getvalue() == "1 call or message will be looked after.\n"
    assert Job.objects.filter(kind="telephony.call").count() == 1


def test_sync_numbers_asks_twilio_now(twilio_user: User, sandbox: Sandbox) -> None:
    out = StringIO()
    for _ in range(2):
        call_command("sync_numbers", "ada@example.com", stdout=out)
    assert out.getvalue().splitlines()[:5] == [
        "+15005550006  voice, sms",
        "+15005550010  voice, sms",
        f"{SERVICE_SID}  messaging service",
        f"{SHORT_CODE}  short code",
        "2 numbers.",
    ]
    assert len(sandbox.requests("twilio")) == 2 * 3


def test_sync_numbers_says_what_is_missing(user: User, sandbox: Sandbox) -> None:
    with pytest.raises(CommandError, match="no such user"):
        call_command("sync_numbers", "nobody")
    with pytest.raises(CommandError, match="not configured"):
        call_command("sync_numbers", "ada")


def test_sync_numbers_says_that_twilio_does_not_answer(twilio_user: User, sandbox: Sandbox) -> None:
    sandbox.faults.add("twilio", "reset", when="before")
    with pytest.raises(CommandError, match="Connection to Twilio failed"):
        call_command("sync_numbers", "ada")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("command", "table"),
    [
        (["reconcile_calls"], "telephony_call"),
        (["sync_numbers", "ada"], "auth_user"),
        (["replay_deliveries", "--failed"], "inbound_delivery"),
    ],
    ids=["reconcile_calls", "sync_numbers", "replay_deliveries"],
)
def test_a_database_that_does_not_work_ends_a_command_with_a_sentence(
    command: list[str], table: str
) -> None:
    rename = "ALTER TABLE {} RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format(table, "away"))
    try:
        with pytest.raises(CommandError, match="The database does not work"):
            call_command(*command)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(rename.format("away", table))
