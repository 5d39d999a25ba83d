"""Vapi's part of the sandbox in every state, held against Vapi's document of its REST API."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError

from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import ACCOUNT_SID, PERSON
from sandbox.tests.rest_spec import Rest
from sandbox.tests.test_vapi import FRONT_DESK
from sandbox.tests.test_vapi_calls import CALL
from sandbox.twilio.seed import API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN


class Held(Client):
    """Vapi, where the document allows each request that is answered, and each answer."""

    rest: Rest

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = super().call(method, path, **options)
        assert answer.ok, answer.text
        self.rest.check(answer)
        return answer

    def becomes(self, call_id: str, status: str) -> dict[str, Any]:
        """A call with a status, as fetched, which is how it is listed."""
        until(lambda: self.get(f"/call/{call_id}").json()["status"] == status)
        found: dict[str, Any] = self.get(f"/call/{call_id}").json()
        assert [one for one in self.get("/call").json() if one["id"] == call_id] == [found]
        return found


@pytest.fixture(scope="module")
def rest(running: Sandbox) -> Rest:
    return Rest("vapi_openapi.json", running.url + "/vapi")


@pytest.fixture
def held(vapi: Client, rest: Rest) -> Iterator[Held]:
    with Held(vapi.base) as client:
        client.session.headers.update(vapi.session.headers)
        client.rest = rest
        yield client


@pytest.fixture(autouse=True)
def _short_talks(control: Client) -> None:
    control.post("/pace", {"speed": 500, "ring_ms": 20})


def test_assistants_are_as_documented(held: Held) -> None:
    listed = held.get("/assistant?limit=5&createdAtGt=2025-01-01T00:00:00Z").json()
    made = held.post("/assistant", {"name": "New"}).json()
    assert held.get(f"/assistant/{FRONT_DESK}").json() == listed[0]
    held.patch(f"/assistant/{FRONT_DESK}", {"firstMessage": "Hi"})
    held.delete(f"/assistant/{made['id']}")


@pytest.mark.parametrize(
    "keys",
    [
        {"twilioAuthToken": AUTH_TOKEN},
        {"twilioApiKey": API_KEY_SID, "twilioApiSecret": API_KEY_SECRET, "smsEnabled": False},
    ],
)
def test_phone_numbers_are_as_documented(held: Held, keys: dict[str, Any]) -> None:
    numbers = held.get("/phone-number?limit=10").json()
    assert {number["provider"] for number in numbers} == {"twilio", "vapi"}
    asked = {"provider": "twilio", "number": "+15005550010", "twilioAccountSid": ACCOUNT_SID}
    made = held.post("/phone-number", {**asked, **keys}).json()
    for number in (*numbers, made):
        held.get(f"/phone-number/{number['id']}")
    path = f"/phone-number/{made['id']}"
    server = {"url": "https://ava.example/vapi", "headers": {"X-Vapi-Secret": "s"}}
    held.patch(path, {"provider": "twilio", "assistantId": FRONT_DESK, "server": server})
    held.delete(path)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("answer", "assistant-ended-call"),
        ("busy", "customer-busy"),
        ("no-answer", "customer-did-not-answer"),
        ("fail", "twilio-failed-to-connect-call"),
    ],
)
def test_a_call_is_as_documented_to_its_end(
    held: Held, control: Client, behaviour: str, reason: str
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": behaviour})
    made = held.post("/call", {**CALL, "name": "First"}).json()
    assert made["status"] == "queued"
    call = held.becomes(made["id"], "ended")
    assert call["endedReason"] == reason
    held.patch(f"/call/{call['id']}", {"name": "Second"})
    held.get(f"/call?assistantId={FRONT_DESK}&createdAtGe=2026-01-06T00:00:00Z&limit=1")
    held.call("DELETE", f"/call/{call['id']}", json={})


def test_a_call_is_as_documented_while_it_waits_rings_and_runs(held: Held, control: Client) -> None:
    control.post("/pace", {"speed": 0.01})
    running = held.post("/call", CALL).json()
    held.becomes(running["id"], "in-progress")
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "ring_ms": 60_000})
    ringing = held.post("/call", CALL).json()
    held.becomes(ringing["id"], "ringing")
    control.post("/pace", {"calls_per_second": 0.01})
    held.post("/call", CALL)
    waiting = held.post("/call", CALL).json()
    held.becomes(waiting["id"], "queued")
    for call, reason in (
        (running, "assistant-ended-call"),
        (ringing, "manually-canceled"),
        (waiting, "manually-canceled"),
    ):
        order = {"type": "end-call"}
        assert requests.post(call["monitor"]["controlUrl"], json=order, timeout=5).ok
        assert held.becomes(call["id"], "ended")["endedReason"] == reason


def test_a_call_with_tools_is_as_documented(held: Held, control: Client, app: App) -> None:
    result = '{"results": [{"toolCallId": "x", "name": "open_hours", "result": "8 to 14"}]}'
    app.answers["/vapi"] = result
    control.post("/vapi", {"url": f"{app.url}/vapi"})
    wish = {"name": "open_hours", "arguments": {"day": "monday"}}
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "tool_calls": [wish]})
    made = held.post("/call", {**CALL, "assistantOverrides": {"server": {}}}).json()
    call = held.becomes(made["id"], "ended")
    assert [line["role"] for line in call["artifact"]["messages"]].count("tool_call_result") == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (f'{{"assistantId": "{FRONT_DESK}"}}', "assistant-ended-call"),
        ('{"assistant": {"name": "One for this call"}}', "assistant-ended-call"),
        ('{"error": "Nobody is there."}', "assistant-request-returned-error"),
        ("{}", "assistant-request-returned-no-assistant"),
    ],
)
def test_a_call_from_outside_is_as_documented(
    held: Held, control: Client, app: App, answer: str, reason: str
) -> None:
    app.answers["/vapi"] = answer
    control.post("/vapi", {"url": f"{app.url}/vapi"})
    held.patch(f"/assistant/{FRONT_DESK}", {"server": {}})
    order = {"kind": "call", "provider": "vapi", "from": PERSON, "to": "+15005550011"}
    made = control.post("/incoming", order).json()
    assert held.becomes(made["id"], "ended")["endedReason"] == reason


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/call", {**CALL, "customr": {}}),
        ("/call", {**CALL, "customer": {"nmber": PERSON}}),
        ("/call", {**CALL, "assistantId": 5}),
        ("/call", {**CALL, "name": "x" * 41}),
        ("/assistant", {"model": {"provider": "openai", "model": "gpt-4o", "temprature": 1}}),
    ],
)
def test_a_request_that_is_not_as_documented_is_reported(
    vapi: Client, rest: Rest, path: str, body: Any
) -> None:
    answer = vapi.post(path, body)
    assert answer.status_code == 400
    with pytest.raises(OpenAPIError, match="Request body validation error"):
        rest.check_request(answer.request)


def test_a_name_in_the_query_that_is_not_documented_is_reported(vapi: Client, rest: Rest) -> None:
    with pytest.raises(AssertionError, match="createdAtGE"):
        rest.check_request(vapi.get("/call?createdAtGE=2026-01-06T00:00:00Z").request)
    with pytest.raises(OpenAPIError):
        rest.check_request(vapi.get("/call?createdAtGe=today").request)


def test_an_answer_that_is_not_as_documented_is_reported(vapi: Client, rest: Rest) -> None:
    answer = vapi.get(f"/assistant/{FRONT_DESK}")
    rest.check(answer)
    answer._content = answer.content.replace(b'"firstMessage"', b'"firstMesage"')
    with pytest.raises(OpenAPIError):
        rest.check(answer)
