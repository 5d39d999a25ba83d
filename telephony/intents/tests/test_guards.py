"""Guards that keep two actors, or a late one, from doing it a second time: each by itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava import upstream
from ava.intents.timeline import follow_up
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID
from telephony.calls.models import Call
from telephony.calls.services import channel_of
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, callback, posts, run_jobs
from telephony.intents import dispatch
from telephony.intents.channel import Account
from telephony.messages.models import Message

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
POST = "POST /2010-04-01/Accounts/AC"


@pytest.fixture(autouse=True)
def _twilio(
    sandbox: Sandbox, settings: Any, twilio_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=2.0))


def later(api: APIClient) -> Call:
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    answer = api.post(CALLS, PAIR | {"say": "Hi", "send_at": when})
    return Call.objects.get(pk=answer.json()["id"])


def claim(call: Call, now: datetime) -> Call | None:
    return dispatch.claim(call, account=Account(ACCOUNT_SID, call.holder), now=now)


def test_of_two_that_have_seen_the_same_row_one_makes_the_attempt(api: APIClient) -> None:
    call, now = later(api), timezone.now()
    one, other = (Call.objects.get(pk=call.pk) for _ in range(2))
    claimed = claim(one, now)
    assert claimed is not None
    assert claimed.attempt == 1
    assert claim(other, now) is None
    assert Call.objects.get(pk=call.pk).attempt == 1


def test_one_that_is_to_be_stopped_is_not_claimed_any_more(api: APIClient) -> None:
    call = later(api)
    Call.objects.update(stop_requested=True)
    assert claim(call, timezone.now()) is None
    assert Call.objects.get(pk=call.pk).attempt == 0


@pytest.mark.parametrize(("late", "sent"), [(4, 1), (6, 0)])
def test_whoever_was_held_up_before_sending_does_not_send(
    api: APIClient, sandbox: Sandbox, late: int, sent: int
) -> None:
    now = timezone.now()
    claimed = claim(later(api), now)
    assert claimed is not None
    row = dispatch.attempt(
        claimed, channel_of(claimed), clock=lambda: now + timedelta(seconds=late)
    )
    assert len(posts(sandbox)) == sent
    assert (row.status == "unknown") is not bool(sent)
    # It belongs to the search, which has a time to begin from.
    assert (row.attempted_at == now) is not bool(sent)


@pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)
def test_the_second_look_comes_no_sooner_because_somebody_asks_for_it(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="before", count=1, match=POST)
    key = api.post(path, PAIR | body).json()["id"]
    row: Any = (Call if path == CALLS else Message).objects.get(pk=key)
    run_jobs(seconds=21)
    follow_up(row, due_at=timezone.now())
    run_jobs(seconds=25)
    assert len(posts(sandbox)) == 1
    run_jobs(seconds=32)
    assert len(posts(sandbox)) == 2


def test_a_message_that_is_being_sent_says_so_and_is_not_queued_again(
    api: APIClient, live_server: LiveServer
) -> None:
    key = api.post(MESSAGES, PAIR | {"body": "Hi"}).json()["id"]
    Message.objects.filter(pk=key).update(status="queued")
    sid = str(Message.objects.get(pk=key).provider_sid)
    for status in ("sending", "queued"):
        form = {"MessageSid": sid, "MessageStatus": status}
        mark = f"message={key}&attempt=1"
        assert callback(live_server.url, "message-status", mark, form).status_code == 204
        run_jobs()
    assert api.get(f"{MESSAGES}/{key}").json()["status"] == "sending"
