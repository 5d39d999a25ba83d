"""Webhooks of Vapi's calls: their content, their authentication, and the questions."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from sandbox.tests.app import App, Callback
from sandbox.tests.client import Client
from sandbox.tests.conftest import PERSON
from sandbox.tests.test_vapi_calls import ended, place


def reported(app: App, count: int) -> list[dict[str, Any]]:
    return [json.loads(one.body)["message"] for one in app.wait_for("/vapi", count)]


def test_the_server_is_reported_every_step_and_gets_a_report(vapi: Client, app: App) -> None:
    made = place(vapi, app)
    messages = reported(app, 5)
    assert [m.get("status", m["type"]) for m in messages] == [
        "queued",
        "ringing",
        "in-progress",
        "ended",
        "end-of-call-report",
    ]
    assert all(m["call"]["id"] == made["id"] and m["timestamp"] > 1e12 for m in messages)
    assert messages[-1]["endedReason"] == "assistant-ended-call"
    assert messages[-1]["artifact"]["transcript"]
    # As the real one does: beware.
    assert messages[0]["phoneNumber"]["twilioAuthToken"] == "twilio-demo-token"
    assert {one.headers["x-vapi-secret"] for one in app.at("/vapi")} == {"s"}


def test_an_assistant_uses_the_servers_tools(vapi: Client, app: App, control: Client) -> None:
    wish = {"name": "open_hours", "arguments": {"day": "monday"}}
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "tool_calls": [wish]})

    def answer(callback: Callback) -> tuple[int, str]:
        message = json.loads(callback.body)["message"]
        if message["type"] != "tool-calls":
            return 200, "{}"
        [call] = message["toolCallList"]
        assert json.loads(call["function"]["arguments"]) == {"day": "monday"}
        return 200, json.dumps({"results": [{"toolCallId": call["id"], "result": "nine to five"}]})

    app.answers["/vapi"] = answer
    call = ended(vapi, place(vapi, app))
    said = [line.get("result") for line in call["artifact"]["messages"]]
    assert "nine to five" in said


@pytest.mark.parametrize("scheme", ["secret", "bearer", "hmac"])
def test_the_organisations_server_and_credential_are_used_where_none_is_named(
    vapi: Client, app: App, control: Client, scheme: str
) -> None:
    order = {"url": f"{app.url}/vapi", "scheme": scheme, "secret": "hush"}
    assert control.post("/vapi", order).status_code == 201
    place(vapi, assistantOverrides={"server": {}})
    heard = app.wait_for("/vapi", 1)[0]
    match scheme:
        case "secret":
            assert heard.headers["x-vapi-secret"] == "hush"
        case "bearer":
            assert heard.headers["authorization"] == "Bearer hush"
        case "hmac":
            signed = heard.headers["x-timestamp"].encode() + b"." + heard.body
            right = hmac.new(b"hush", signed, hashlib.sha256).hexdigest()
            assert heard.headers["x-signature"] == right


def test_a_backoff_plan_has_a_message_sent_again(vapi: Client, app: App) -> None:
    refused = iter([500, 500])
    app.answers["/vapi"] = lambda _: (next(refused, 200), "")
    plan = {"type": "fixed", "maxRetries": 3, "baseDelaySeconds": 0}
    server = {"url": f"{app.url}/vapi", "backoffPlan": plan}
    overrides = {"server": server, "serverMessages": ["end-of-call-report"]}
    place(vapi, assistantOverrides=overrides)
    app.wait_for("/vapi", 3)
    assert len({one.body for one in app.at("/vapi")}) == 1


def test_without_a_plan_a_message_is_sent_once_and_only_wanted_ones_are(
    vapi: Client, app: App
) -> None:
    app.answers["/vapi"] = lambda _: (500, "")
    overrides = {"server": {"url": f"{app.url}/vapi"}, "serverMessages": ["end-of-call-report"]}
    ended(vapi, place(vapi, assistantOverrides=overrides))
    assert [m["type"] for m in reported(app, 1)] == ["end-of-call-report"]


@pytest.mark.parametrize(
    "order",
    [{"scheme": "hmac"}, {"secret": "x"}, {"scheme": "rot13", "secret": "x"}, {"url": "x"}, []],
)
def test_a_server_that_makes_no_sense_is_refused_in_a_sentence(control: Client, order: Any) -> None:
    answer = control.post("/vapi", order)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
