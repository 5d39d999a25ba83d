"""STOP and START, whenever they come and in whatever order they are taken."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from sandbox.server import Sandbox
from telephony.conftest import MESSAGES, OURS, THEIRS, callback, posts, run_jobs, until

pytestmark = pytest.mark.database

NEWS = {"to": THEIRS, "from": OURS, "body": "News"}


@pytest.fixture
def ava(live_server: LiveServer, sandbox: Sandbox, settings: Any) -> str:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    return str(live_server.url)


def write(ava: str, *words: str) -> None:
    """The person texts these words, one after the other."""
    for word in words:
        form = {
            "MessageSid": f"SM{Delivery.objects.count()}",
            "From": THEIRS,
            "To": OURS,
            "Body": word,
            "SmsStatus": "received",
        }
        assert callback(ava, "message", "", form).ok


def test_a_start_that_is_replayed_does_not_undo_a_later_stop(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    write(ava, "STOP", "START", "STOP")
    run_jobs()
    [start] = Delivery.objects.filter(payload__form__Body="START")
    call_command("replay_deliveries", str(start.pk))
    run_jobs()
    refused = api.post(MESSAGES, NEWS)
    assert (refused.status_code, refused.json()["code"]) == (409, "recipient_opted_out")
    assert posts(sandbox) == []


@pytest.mark.parametrize(("words", "status"), [(["STOP", "START"], 201), (["START", "STOP"], 409)])
def test_of_words_processed_in_another_order_the_latest_holds(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, words: list[str], status: int
) -> None:
    write(ava, *words)
    for word in reversed(words):
        [delivery] = Delivery.objects.filter(payload__form__Body=word)
        call_command("replay_deliveries", str(delivery.pk))
        run_jobs()
    assert api.post(MESSAGES, NEWS).status_code == status


def test_nothing_that_is_for_later_is_sent_to_who_has_opted_out_meanwhile(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    when = {"send_at": (timezone.now() + timedelta(hours=1)).isoformat()}
    key = api.post(MESSAGES, NEWS | when).json()["id"]
    write(ava, "STOP")
    run_jobs()
    run_jobs(seconds=3601)
    found = api.get(f"{MESSAGES}/{key}").json()
    assert found["status"] == "failed"
    assert found["error"].startswith("This person has opted out with STOP.")
    assert posts(sandbox) == []


def test_nothing_that_never_arrived_is_sent_again_to_who_has_opted_out_meanwhile(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match="POST /2010-04-01")
    key = api.post(MESSAGES, NEWS).json()["id"]
    until(lambda: posts(sandbox))
    write(ava, "STOP")
    run_jobs()
    for seconds in (21, 32, 60):
        run_jobs(seconds=seconds)
    assert api.get(f"{MESSAGES}/{key}").json()["status"] == "failed"
    assert len(posts(sandbox)) == 1
