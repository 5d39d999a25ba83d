"""Facts that are reported together with a status that is not taken any more."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, callback, run_jobs
from telephony.messages.models import Message

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _ava(live_server: LiveServer, sandbox: Sandbox, settings: Any, twilio_user: User) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


def report(ava: str, row: Call | Message, status: str, **more: str) -> None:
    """A signed callback about the row."""
    name, kind = ("Call", "call-status") if row.word == "call" else ("Message", "message-status")
    fields = {f"{name}Sid": str(row.provider_sid), f"{name}Status": status, **more}
    assert callback(ava, kind, f"{row.word}={row.pk}&attempt=1", fields).status_code == 204
    run_jobs()


def ended(model: type[Call] | type[Message], owner: User, status: str, **more: Any) -> Any:
    sid = f"{model.word}-1"
    common: dict[str, Any] = {"to": THEIRS, "from_number": OURS, "provider_sid": sid}
    account = "AC" + "0" * 32
    return model(owner=owner, account_sid=account, status=status, **common, **more)


def test_a_message_that_has_arrived_is_given_no_error_by_a_late_failure(
    api: APIClient, twilio_user: User, live_server: LiveServer
) -> None:
    row = ended(Message, twilio_user, "delivered", body="Hi")
    row.save()
    report(live_server.url, row, "failed", ErrorCode="30003")
    body = api.get(f"{MESSAGES}/{row.pk}").json()
    assert (body["status"], body["error_code"], body["error"]) == ("delivered", None, "")


def test_a_call_that_has_ended_keeps_its_duration(
    api: APIClient, twilio_user: User, live_server: LiveServer
) -> None:
    row = ended(Call, twilio_user, "completed", kind="say", duration=7)
    row.save()
    report(live_server.url, row, "busy", CallDuration="99")
    assert api.get(f"{CALLS}/{row.pk}").json()["duration"] == 7


def test_a_duration_that_comes_with_the_same_end_once_more_is_kept(
    api: APIClient, twilio_user: User, live_server: LiveServer
) -> None:
    row = ended(Call, twilio_user, "completed", kind="say")
    row.save()
    report(live_server.url, row, "completed", CallDuration="7")
    assert api.get(f"{CALLS}/{row.pk}").json()["duration"] == 7


def test_why_a_message_failed_may_be_reported_after_that_it_did(
    api: APIClient, twilio_user: User, live_server: LiveServer
) -> None:
    row = ended(Message, twilio_user, "undelivered", body="Hi")
    row.save()
    report(live_server.url, row, "undelivered", ErrorCode="30003")
    body = api.get(f"{MESSAGES}/{row.pk}").json()
    assert body["error_code"] == 30003
    assert body["error"]
