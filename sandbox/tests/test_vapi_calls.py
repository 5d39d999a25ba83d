"""Calls through Vapi: from the request to the phone, with the webhooks to the app."""

import json
from datetime import datetime
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import App, Callback, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK as DESK
from sandbox.tests.conftest import PERSON, Twilio
from sandbox.tests.test_vapi import FRONT_DESK, NOBODY
from sandbox.vapi.seed import PHONE_NUMBERS

NUMBER = PHONE_NUMBERS[0]["id"]
FREE_NUMBER = PHONE_NUMBERS[1]["id"]
CALL: dict[str, Any] = {
    "assistantId": FRONT_DESK,
    "phoneNumberId": NUMBER,
    "customer": {"number": PERSON},
}


def place(vapi: Client, app: App | None = None, **fields: Any) -> dict[str, Any]:
    body = {**CALL, **fields}
    if app:
        server = {"url": f"{app.url}/vapi", "headers": {"X-Vapi-Secret": "s"}}
        body["assistantOverrides"] = {"server": server}
    answer = vapi.post("/call", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ended(vapi: Client, call: dict[str, Any]) -> dict[str, Any]:
    path = f"/call/{call['id']}"
    until(lambda: vapi.get(path).json()["status"] == "ended")
    shown: dict[str, Any] = vapi.get(path).json()
    return shown


def becomes(vapi: Client, call: dict[str, Any], status: str) -> None:
    until(lambda: vapi.get(f"/call/{call['id']}").json()["status"] == status)


def test_a_call_rings_talks_and_leaves_a_transcript(
    vapi: Client, twilio: Twilio, sandbox: Sandbox
) -> None:
    made = place(vapi, assistantOverrides={"metadata": {"order": "7"}})
    assert (made["status"], made["type"]) == ("queued", "outboundPhoneCall")
    assert made["assistantOverrides"] == {"metadata": {"order": "7"}}
    call = ended(vapi, made)
    assert call["endedReason"] == "assistant-ended-call"
    assert call["artifact"]["transcript"].startswith("AI: ")
    assert call["artifact"]["recordingUrl"].startswith("https://")
    assert call["analysis"]["summary"]
    assert call["cost"] > 0
    began, over = (datetime.fromisoformat(call[name]) for name in ("startedAt", "endedAt"))
    [rang] = sandbox.effects()["calls"]
    assert (rang["provider"], rang["call_id"], rang["to"]) == ("vapi", call["id"], PERSON)
    # The account at Twilio through which Vapi calls sees the call, too.
    leg = twilio.get(f"/Calls/{call['phoneCallProviderId']}.json").json()
    assert (leg["sid"], leg["from"], leg["status"]) == (rang["sid"], DESK, "completed")
    # Both say how long it was, at the pace of the sandbox.
    assert (over - began).total_seconds() == int(leg["duration"]) >= 10


@pytest.mark.parametrize(
    ("behaviour", "reason", "rings"),
    [
        ("busy", "customer-busy", 0),
        ("no-answer", "customer-did-not-answer", 1),
        ("fail", "twilio-failed-to-connect-call", 0),
    ],
)
def test_a_phone_that_does_not_answer_ends_the_call(
    vapi: Client, sandbox: Sandbox, control: Client, behaviour: str, reason: str, rings: int
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": behaviour, "ring_ms": 5})
    call = ended(vapi, place(vapi))
    assert (call["endedReason"], call["cost"]) == (reason, 0)
    assert len(sandbox.effects()["calls"]) == rings


def test_a_callee_may_hang_up_and_a_call_has_a_longest_duration(
    vapi: Client, control: Client
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "hangup-after", "seconds": 2})
    assert ended(vapi, place(vapi))["endedReason"] == "customer-ended-call"
    control.post("/phone", {"to": PERSON, "behaviour": "hangup-after", "seconds": 3600})
    call = place(vapi, assistantOverrides={"maxDurationSeconds": 10})
    assert ended(vapi, call)["endedReason"] == "exceeded-max-duration"


def test_a_call_is_ended_by_its_control_address_or_by_twilio(
    vapi: Client, twilio: Twilio, control: Client
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "hangup-after", "seconds": 3600})
    first, second = place(vapi), place(vapi)
    becomes(vapi, first, "in-progress")
    becomes(vapi, second, "in-progress")
    steer = first["monitor"]["controlUrl"]
    assert steer.startswith(vapi.base)
    del vapi.session.headers["Authorization"]
    path = steer.removeprefix(vapi.base)
    assert vapi.post(path, {"type": "sing"}).status_code == 400
    assert vapi.post(path, {"type": "end-call"}).status_code == 200
    assert vapi.post(path, {"type": "end-call"}).status_code == 404
    vapi.session.headers["Authorization"] = "Bearer vapi-demo-key"
    assert ended(vapi, first)["endedReason"] == "assistant-ended-call"
    twilio.send(f"/Calls/{second['phoneCallProviderId']}.json", Status="completed")
    reason = "call.in-progress.twilio-completed-call"
    assert ended(vapi, second)["endedReason"] == reason


def incoming(vapi: Client, control: Client, app: App, answer: Any) -> dict[str, Any]:
    """Somebody calls a number that no assistant is bound to."""
    settings = {"url": f"{app.url}/vapi"}
    vapi.patch(f"/phone-number/{FREE_NUMBER}", {"server": settings})

    def reply(callback: Callback) -> tuple[int, str]:
        asked = json.loads(callback.body)["message"]["type"] == "assistant-request"
        return 200, json.dumps(answer) if asked else "{}"

    app.answers["/vapi"] = reply
    order = {"kind": "call", "provider": "vapi", "from": PERSON, "to": "+15005550011"}
    call: dict[str, Any] = control.post("/incoming", order).json()
    assert (call["type"], call["customer"]) == ("inboundPhoneCall", {"number": PERSON})
    return ended(vapi, call)


def test_a_call_from_outside_is_taken_by_whom_the_server_names(
    vapi: Client, app: App, control: Client, sandbox: Sandbox
) -> None:
    call = incoming(vapi, control, app, {"assistantId": FRONT_DESK})
    assert (call["assistantId"], call["endedReason"]) == (FRONT_DESK, "assistant-ended-call")
    assert sandbox.effects()["calls"] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": "Closed"}, "assistant-request-returned-error"),
        ({}, "assistant-request-returned-no-assistant"),
        ({"assistantId": NOBODY}, "assistant-request-returned-no-assistant"),
        ({"assistantId": 7}, "assistant-request-returned-no-assistant"),
        ([], "assistant-request-returned-no-assistant"),
    ],
)
def test_a_call_from_outside_that_is_not_taken_ends(
    vapi: Client, app: App, control: Client, answer: Any, reason: str
) -> None:
    assert incoming(vapi, control, app, answer)["endedReason"] == reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": "red"}, "property colour should not exist"),
        ({"assistantOverrides": {"colour": 1}}, "assistantOverrides.property colour"),
        ({"customer": {"number": "0123456"}}, "E.164"),
        ({"customer": {}}, "Need Either `customer`"),
        ({"phoneNumberId": NOBODY}, "Does Not Exist"),
        ({"assistantId": NOBODY}, "Does Not Exist"),
        ({"name": "x" * 41}, "name must be shorter"),
        ({"customers": [{"number": PERSON}]}, "does not play customers"),
    ],
)
def test_a_call_that_cannot_be_is_refused_and_calls_no_one(
    vapi: Client, sandbox: Sandbox, fields: dict[str, Any], words: str
) -> None:
    answer = vapi.post("/call", {**CALL, **fields})
    assert answer.status_code == 400
    assert words in json.dumps(answer.json()["message"])
    assert vapi.get("/call").json() == []
    assert vapi.post("/call", {"customer": {"number": PERSON}}).status_code == 400


def test_calls_are_listed_by_real_time_renamed_and_deleted(vapi: Client) -> None:
    first, second = place(vapi), place(vapi)
    assert [c["id"] for c in vapi.get("/call?assistantId=" + FRONT_DESK).json()] == [
        second["id"],
        first["id"],
    ]
    assert vapi.get("/call?createdAtGe=2026-01-06T00:00:00Z").json()
    assert vapi.get("/call?createdAtGe=2999-01-01T00:00:00Z").json() == []
    path = f"/call/{first['id']}"
    assert vapi.patch(path, {"name": "Mine"}).json()["name"] == "Mine"
    assert vapi.patch(path, {"status": "ended"}).status_code == 400
    assert vapi.delete(path).json()["id"] == first["id"]
    assert vapi.get(path).status_code == 404


def test_an_imported_number_is_led_away_from_the_app_at_twilio(
    vapi: Client, twilio: Twilio
) -> None:
    keys = {"twilioAccountSid": "AC" + "0" * 32, "twilioAuthToken": "twilio-demo-token"}
    number = {"provider": "twilio", "number": "+15005550010", **keys}
    at_twilio = f"/IncomingPhoneNumbers/PN{'0' * 31}2.json"
    twilio.send(at_twilio, SmsUrl="http://127.0.0.1:1/sms")
    wrong = vapi.post("/phone-number", {**number, "twilioAuthToken": "wrong"})
    assert wrong.status_code == 400
    assert vapi.post("/phone-number", {**number, "number": "+15551239999"}).status_code == 400
    assert twilio.get(at_twilio).json()["voice_url"] == ""
    made = vapi.post("/phone-number", {**number, "smsEnabled": False})
    assert made.status_code == 201, made.text
    led = twilio.get(at_twilio).json()
    assert "vapi.ai" in led["voice_url"]
    assert led["sms_url"] == "http://127.0.0.1:1/sms"
    again = vapi.post("/phone-number", number)
    assert (again.status_code, "Identical" in again.text) == (400, True)
    path = f"/phone-number/{made.json()['id']}"
    assert vapi.patch(path, {"assistantId": FRONT_DESK}).json()["assistantId"] == FRONT_DESK
    assert vapi.patch(path, {"colour": 1}).status_code == 400
    assert vapi.delete(path).json()["number"] == "+15005550010"
    assert vapi.get(path).status_code == 404


def test_a_lost_answer_leaves_a_call_that_rings(
    vapi: Client, sandbox: Sandbox, control: Client
) -> None:
    fault = {"provider": "vapi", "kind": "status", "when": "after", "match": "POST /call"}
    control.post("/faults", {**fault, "count": 1})
    assert vapi.post("/call", CALL).status_code == 500
    [call] = vapi.get("/call").json()
    ended(vapi, call)
    assert len(sandbox.effects()["calls"]) == 1
