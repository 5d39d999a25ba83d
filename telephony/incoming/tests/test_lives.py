"""Calls and messages that AVA placed, followed by what Twilio reports of them."""

from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
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
from telephony.incoming.tests.conftest import place, shown

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    ("behaviour", "path"),
    [
        ("answer", ["queued", "ringing", "in-progress", "completed"]),
        ("busy", ["queued", "ringing", "busy"]),
        ("no-answer", ["queued", "ringing", "no-answer"]),
    ],
)
def test_a_call_is_followed_by_callbacks_to_its_end(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, behaviour: str, path: list[str]
) -> None:
    phone(sandbox, behaviour)
    call = place(api)
    until(lambda: shown(api, call)["status"] == path[-1])
    body = shown(api, call)
    reported = [entry["status"] for entry in body["timeline"]]
    # Twilio promises no order: what came late is passed over.
    assert reported[0] == "pending"
    assert [status for status in ["pending", *path] if status in reported] == reported
    assert {entry["correlation_id"] for entry in body["timeline"]} == {body["correlation_id"]}
    assert len(rings(sandbox)) == (0 if behaviour == "busy" else 1)
    (asked,) = posts(sandbox)
    assert "Twiml" not in str(asked.body)


def test_what_is_said_is_fetched_from_ava(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    call = Call.objects.get(pk=place(api))
    mark = f"call={call.pk}&attempt=1"
    form = {"CallSid": str(call.provider_sid), "CallStatus": "in-progress"}
    heard = callback(ava, "voice", mark, form)
    assert heard.status_code == 200
    assert heard.headers["Content-Type"].startswith("text/xml")
    assert heard.text == "<Response><Say>Hello &amp; welcome</Say></Response>"


def test_a_second_call_of_the_same_intent_hangs_up_and_is_ended(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    second = sandbox_call(sandbox)
    form = {"CallSid": second, "CallStatus": "in-progress"}
    heard = callback(ava, "voice", f"call={call}&attempt=1", form)
    assert heard.text == "<Response><Hangup/></Response>"
    run_jobs()
    assert any(second in entry["detail"] for entry in shown(api, call)["timeline"])
    ended = [one for one in posts(sandbox) if one.path.endswith(f"/Calls/{second}.json")]
    assert len(ended) == 1


def sandbox_call(sandbox: Sandbox) -> str:
    """A call that was placed at Twilio without AVA. Its SID."""
    answer = requests.post(
        f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json",
        data={
            "To": THEIRS,
            "From": OURS,
            "Twiml": "<Response><Pause length='60'/></Response>",
        },
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=10,
    )
    return str(answer.json()["sid"])


def test_callbacks_late_double_and_out_of_order_never_turn_back_an_end(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    sid = Call.objects.get(pk=call).provider_sid
    for status in ("completed", "ringing", "completed", "in-progress", "busy", "nonsense"):
        form = {"CallSid": str(sid), "CallStatus": status, "CallDuration": "7"}
        answer = callback(ava, "call-status", f"call={call}&attempt=1", form)
        assert answer.status_code == 204
    body = shown(api, call)
    assert (body["status"], body["duration"]) == ("completed", 7)
    assert [e["status"] for e in body["timeline"]].count("completed") == 1


def test_a_running_call_is_hung_up(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    answer = api.post(
        CALLS, {"to": THEIRS, "from": OURS, "twiml": "<Response><Pause length='3000'/></Response>"}
    )
    call = answer.json()["id"]
    until(lambda: shown(api, call)["status"] == "in-progress")
    ended = api.post(f"{CALLS}/{call}/hangup")
    assert ended.status_code in (200, 202), ended.content
    until(lambda: shown(api, call)["status"] == "completed")
    again = api.post(f"{CALLS}/{call}/hangup")
    assert (again.status_code, again.json()["code"]) == (409, "call_ended")
    sources = [entry["source"] for entry in shown(api, call)["timeline"]]
    assert "user" in sources


def test_a_message_is_followed_to_delivery(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    body = api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"}).json()

    def now() -> str:
        run_jobs()
        return str(api.get(f"{MESSAGES}/{body['id']}").json()["status"])

    until(lambda: now() == "delivered")
    assert len(texts(sandbox)) == 1


def test_a_message_that_was_not_delivered_says_why(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", texts="undelivered")
    body = api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"}).json()

    def row() -> dict[str, Any]:
        run_jobs()
        return dict(api.get(f"{MESSAGES}/{body['id']}").json())

    until(lambda: row()["status"] == "undelivered")
    assert row()["error_code"]
    assert row()["error"]
