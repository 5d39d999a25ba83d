"""Wrong guesses: a record found by likeness, which turns out to be another intent's."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava import upstream
from ava.intents.timeline import Source
from ava.jobs.models import Job
from sandbox.server import Sandbox
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    THEIRS,
    callback,
    phone,
    posts,
    rings,
    run_jobs,
    texts,
    until,
)
from telephony.intents import adoption, timeline
from telephony.intents.channel import ProviderRecord
from telephony.messages.models import Message

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
TWILIO = "POST /2010-04-01/Accounts/AC"
CALL, TEXT = (CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})
BOTH = pytest.mark.parametrize(("path", "body"), [CALL, TEXT], ids=["call", "message"])


@pytest.fixture(autouse=True)
def ava(
    sandbox: Sandbox,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    live_server: LiveServer,
    twilio_user: User,
) -> str:
    """AVA with a public address, all callbacks to which get lost."""
    settings.PUBLIC_URL = live_server.url
    settings.RATE_LIMIT_PER_MINUTE = 1000
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=0.7))
    order = requests.post(f"{sandbox.url}/_sandbox/callbacks", json={"drop": 1}, timeout=5)
    assert order.ok, order.text
    return str(live_server.url)


def lost(api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str], when: str) -> str:
    """One whose answer gets lost, before or after Twilio has taken it."""
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when=when, count=1, match=TWILIO)
    answer = api.post(path, PAIR | body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


def sent_before(path: str, key: str, seconds: float) -> None:
    """Have it sent so much earlier."""
    rows = (Call if path == CALLS else Message).objects.filter(pk=key)
    at = timezone.now() - timedelta(seconds=seconds)
    rows.update(created_at=at, first_attempt_at=at, attempted_at=at, updated_at=at)
    Job.objects.filter(key=key).update(due_at=at + timedelta(seconds=20))


def reached(sandbox: Sandbox) -> int:
    return len(rings(sandbox)) + len(texts(sandbox))


@BOTH
def test_nothing_is_taken_while_another_attempt_may_still_get_its_answer(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    first = lost(api, sandbox, path, body, "before")
    sent_before(path, first, 14)
    second = lost(api, sandbox, path, body, "after")
    run_jobs(seconds=8)
    for key in (first, second):
        assert shown(api, path, key)["provider_sid"] is None
        assert shown(api, path, key)["status"] == "unknown"
    # Now both may be looked for: what Twilio has is of the later one, whichever finds it.
    Job.objects.filter(key=second).update(due_at=timezone.now() + timedelta(seconds=30))
    run_jobs(seconds=21)
    assert shown(api, path, first)["provider_sid"] is None
    assert shown(api, path, second)["provider_sid"]
    for seconds in (32, 43, 54):
        run_jobs(seconds=seconds)
    details = [[e["detail"] for e in shown(api, path, key)["timeline"]] for key in (first, second)]
    assert "attempt 2" in details[0]
    assert "attempt 2" not in details[1]
    assert all(shown(api, path, key)["provider_sid"] for key in (first, second))
    assert len(posts(sandbox)) == 3


@BOTH
def test_two_that_wait_for_each_other_are_both_found(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    keys = [lost(api, sandbox, path, body, "after") for _ in range(2)]
    # How far apart the two were sent, a busy machine decides.
    for seconds in range(21, 60, 3):
        run_jobs(seconds=seconds)
    sids = {shown(api, path, key)["provider_sid"] for key in keys}
    assert len(sids - {None}) == 2
    assert len(posts(sandbox)) == 2


def test_texts_that_differ_do_not_wait_for_each_other(api: APIClient, sandbox: Sandbox) -> None:
    first = lost(api, sandbox, MESSAGES, {"body": "Yes"}, "after")
    sent_before(MESSAGES, first, 14)
    lost(api, sandbox, MESSAGES, {"body": "No"}, "after")
    run_jobs(seconds=8)
    assert shown(api, MESSAGES, first)["provider_sid"]


def test_the_call_that_bears_the_mark_is_ours_though_another_ones_end_was_taken_for_its_own(
    api: APIClient, sandbox: Sandbox, ava: str
) -> None:
    key = lost(api, sandbox, *CALL, "before")
    call = Call.objects.get(pk=key)
    busy = ProviderRecord("CA-other", "busy", duration=3)
    now = timezone.now()
    adoption.adopt(call, busy, source=Source.RECONCILE, proven=False, now=now)
    assert shown(api, CALLS, key)["status"] == "busy"
    Job.objects.filter(key=key).delete()
    form = {"CallSid": "CA-ours", "CallStatus": "in-progress"}
    heard = callback(ava, "voice", f"call={key}&attempt=1", form)
    assert heard.text == "<Response><Say>Hi</Say></Response>"
    found = shown(api, CALLS, key)
    assert (found["provider_sid"], found["status"]) == ("CA-ours", "in-progress")
    assert found["duration"] is None
    details = [entry["detail"] for entry in found["timeline"]]
    assert any(said.startswith("CA-other was another one's, and so was busy.") for said in details)
    # It goes on, and is looked after, should no callback come.
    assert Job.objects.get(key=key, state="queued").due_at <= timezone.now() + timeline.settle()


@BOTH
def test_who_gives_up_what_is_another_ones_keeps_nothing_of_it_and_is_looked_after_soon(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    model = Call if path == CALLS else Message
    end = "completed" if path == CALLS else "delivered"
    guessing, other = (lost(api, sandbox, path, body, when) for when in ("before", "before"))
    now = timezone.now()
    seen = ProviderRecord("X", end, duration=3, price=None, error_code=30003)
    adoption.adopt(
        model.objects.get(pk=guessing), seen, source=Source.RECONCILE, proven=False, now=now
    )
    run_jobs()
    Job.objects.filter(key=guessing).delete()
    assert shown(api, path, guessing)["status"] == end
    adoption.adopt(model.objects.get(pk=other), seen, source=Source.CALLBACK, proven=True, now=now)
    found = shown(api, path, guessing)
    assert (found["status"], found["provider_sid"]) == ("unknown", None)
    assert (found["error_code"], found["error"], found.get("duration")) == (
        None,
        "",
        None,
    )
    assert "X was another one's, and so was" in found["timeline"][-1]["detail"]
    job = Job.objects.get(key=guessing, state="queued")
    assert job.due_at <= now + timeline.settle()
    # It was never sent: so it is now, once.
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    until(lambda: reached(sandbox) == 1)
    assert shown(api, path, other)["provider_sid"] == "X"


def test_a_message_that_went_out_twice_says_so_and_is_not_stopped(
    api: APIClient, sandbox: Sandbox, ava: str
) -> None:
    key = str(api.post(MESSAGES, PAIR | {"body": "Hi"}).json()["id"])
    mark = f"message={key}&attempt=1"
    for status in ("queued", "sent"):
        form = {"MessageSid": "SM-second", "MessageStatus": status}
        assert callback(ava, "message-status", mark, form).status_code == 204
        run_jobs()
    details = [entry["detail"] for entry in shown(api, MESSAGES, key)["timeline"]]
    assert details.count("SM-second went out as well; a message cannot be taken back.") == 1
    assert not Job.objects.filter(kind=adoption.END_DUPLICATE).exists()
