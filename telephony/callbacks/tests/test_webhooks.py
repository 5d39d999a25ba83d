"""Calls and messages with the sandbox calling back, over real sockets."""

from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava.inbound.models import Delivery, Refusal
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    THEIRS,
    phone,
    posts,
    rings,
    run_jobs,
    store,
    texts,
    until,
)
from telephony.messages.models import Message
from telephony.twilio import signatures

HOOKS = "/api/v1/webhooks/twilio"


@pytest.fixture
def ava(live_server: LiveServer, sandbox: Sandbox, settings: Any) -> str:
    """AVA under a public address that the sandbox can call."""
    settings.PUBLIC_URL = live_server.url
    settings.RATE_LIMIT_PER_MINUTE = 1000
    return str(live_server.url)


def place(api: APIClient, **more: Any) -> str:
    answer = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello & welcome", **more})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, call: str) -> dict[str, Any]:
    run_jobs()
    return dict(api.get(f"{CALLS}/{call}").json())


def signed(
    ava: str, kind: str, form: dict[str, str], *, query: str = "", token: str = AUTH_TOKEN
) -> requests.Response:
    """A webhook as Twilio sends it."""
    url = f"{ava}{HOOKS}/{kind}{query}"
    fields = {"AccountSid": ACCOUNT_SID, **form}
    return requests.post(
        url,
        data=urlencode(fields),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            signatures.HEADER: signatures.sign(token, url, list(fields.items())),
        },
        timeout=10,
    )


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
    told = [entry["status"] for entry in body["timeline"]]
    # Twilio promises no order: what came late is passed over.
    assert told[0] == "pending"
    assert [status for status in ["pending", *path] if status in told] == told
    assert {entry["correlation_id"] for entry in body["timeline"]} == {body["correlation_id"]}
    assert len(rings(sandbox)) == (0 if behaviour == "busy" else 1)
    (asked,) = posts(sandbox)
    assert "Twiml" not in str(asked.body)


def test_what_is_said_is_fetched_from_ava(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    call = Call.objects.get(pk=place(api))
    query = f"?call={call.pk}&attempt=1"
    form = {"CallSid": str(call.provider_sid), "CallStatus": "in-progress"}
    heard = signed(ava, "voice", form, query=query)
    assert heard.status_code == 200
    assert heard.headers["Content-Type"].startswith("text/xml")
    assert heard.text == "<Response><Say>Hello &amp; welcome</Say></Response>"


def test_a_second_call_of_the_same_intent_is_told_to_hang_up_and_ended(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    second = sandbox_call(sandbox)
    form = {"CallSid": second, "CallStatus": "in-progress"}
    heard = signed(ava, "voice", form, query=f"?call={call}&attempt=1")
    assert heard.text == "<Response><Hangup/></Response>"
    run_jobs()
    assert any(second in entry["detail"] for entry in shown(api, call)["timeline"])
    ended = [one for one in posts(sandbox) if one.path.endswith(f"/Calls/{second}.json")]
    assert len(ended) == 1


def sandbox_call(sandbox: Sandbox) -> str:
    """A call that somebody else placed at Twilio. Its SID."""
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
        answer = signed(ava, "call-status", form, query=f"?call={call}&attempt=1")
        assert answer.status_code == 204
    body = shown(api, call)
    assert (body["status"], body["duration"]) == ("completed", 7)
    assert [e["status"] for e in body["timeline"]].count("completed") == 1


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

    def told() -> dict[str, Any]:
        run_jobs()
        return dict(api.get(f"{MESSAGES}/{body['id']}").json())

    until(lambda: told()["status"] == "undelivered")
    assert told()["error_code"]
    assert told()["error"]


def test_forged_and_misdirected_webhooks_change_nothing(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, stranger: User
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    form = {"CallSid": str(Call.objects.get().provider_sid), "CallStatus": "completed"}
    query = f"?call={call}&attempt=1"
    assert signed(ava, "call-status", form, query=query, token="guessed").status_code == 403
    # Somebody with an account of their own, and with this account's name but another token.
    store(stranger, auth_token="strangers-token")
    answer = signed(ava, "call-status", form, query=query, token="strangers-token")
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert shown(api, call)["status"] != "completed"
    assert Refusal.objects.count() == 2
    assert AUTH_TOKEN not in str(list(Refusal.objects.values()))


def test_the_old_and_the_new_token_are_both_taken_during_promotion(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    store(twilio_user, secondary_auth_token="the-new-token-123")
    form = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "Hi", "SmsStatus": "received"}
    assert signed(ava, "message", form, token="the-new-token-123").status_code == 200
    assert signed(ava, "message", form | {"MessageSid": "SM2"}).status_code == 200


def test_an_incoming_message_is_kept_once_and_stop_and_start_are_obeyed(
    api: APIClient, strangers_api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    wanted = {"to": THEIRS, "from": OURS, "body": "News"}
    for number, (body, status) in enumerate([("Stop.", 409), ("START", 201)]):
        form = {
            "MessageSid": f"SM{number}",
            "From": THEIRS,
            "To": OURS,
            "Body": body,
            "SmsStatus": "received",
        }
        for _ in range(2):
            heard = signed(ava, "message", form)
            assert (heard.status_code, heard.text) == (200, "<Response/>")
        run_jobs()
        assert api.post(MESSAGES, wanted).status_code == status
    kept = api.get(MESSAGES, {"direction": "inbound"}).json()
    assert [one["body"] for one in kept["results"]] == ["START", "Stop."]
    assert kept["results"][0]["status"] == "received"
    assert strangers_api.get(MESSAGES).json()["count"] == 0
    assert Delivery.objects.filter(kind="message").count() == 2


def test_a_stranger_who_claims_an_account_opts_nobody_out(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, stranger: User
) -> None:
    store(stranger, auth_token="made-up-token")
    form = {"MessageSid": "SM9", "From": THEIRS, "To": OURS, "Body": "STOP"}
    assert signed(ava, "message", form, token="made-up-token").status_code == 200
    run_jobs()
    assert api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "x"}).status_code == 201


def test_an_incoming_call_is_greeted_and_kept(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    form = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    heard = signed(ava, "voice", form)
    assert "<Say>Thank you for calling." in heard.text
    run_jobs()
    (kept,) = api.get(CALLS, {"direction": "inbound", "from": THEIRS}).json()["results"]
    assert (kept["status"], kept["provider_sid"]) == ("ringing", "CA1")
    signed(ava, "call-status", form | {"CallStatus": "completed", "CallDuration": "3"})
    run_jobs()
    assert shown(api, kept["id"])["status"] == "completed"


def test_the_end_of_an_incoming_call_is_asked_for_where_nobody_tells_it(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    requests.post(
        f"{sandbox.url}/_sandbox/incoming",
        json={"kind": "call", "from": THEIRS, "to": OURS},
        timeout=5,
    )
    (sid,) = [one["sid"] for one in listed(sandbox)]
    form = {"CallSid": sid, "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    signed(ava, "voice", form)
    until(lambda: listed(sandbox)[0]["status"] not in ("ringing", "queued", "in-progress"))
    run_jobs()
    run_jobs(seconds=30)
    (kept,) = api.get(CALLS, {"direction": "inbound"}).json()["results"]
    assert kept["status"] == listed(sandbox)[0]["status"]
    assert kept["timeline"][-1]["source"] == "fetch"


def listed(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Twilio's own list of calls."""
    address = f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    found = requests.get(address, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()
    return list(found["calls"])


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


def test_garbage_is_refused_without_a_fault(ava: str, twilio_user: User) -> None:
    assert requests.post(f"{ava}{HOOKS}/voice", data=b"\xff\xfe", timeout=5).status_code == 403
    assert signed(ava, "voice", {}).status_code == 400
    assert requests.get(f"{ava}{HOOKS}/voice", timeout=5).status_code == 405
    bad = signed(ava, "call-status", {"CallSid": "CA1"}, query="?call=' OR 1")
    assert bad.status_code in (204, 403)
    assert not Message.objects.exists()
