"""Requests and answers, held against the providers' official documents by openapi-core."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_schema_validator import OAS30Validator

from sandbox.server import Sandbox
from sandbox.tests.app import App
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK as DESK
from sandbox.tests.conftest import PERSON, Twilio
from sandbox.tests.specimens import Specimens
from sandbox.tests.specs import load, strict
from sandbox.tests.test_other_providers import ACCOUNT, DEMO
from sandbox.tests.test_twilio_calls import WAIT
from sandbox.tests.test_vapi import FRONT_DESK
from sandbox.tests.test_vapi_calls import CALL, FREE_NUMBER
from sandbox.vapi.assistant import ASSISTANT

SERVER_MESSAGES = {
    "status-update": "ServerMessageStatusUpdate",
    "end-of-call-report": "ServerMessageEndOfCallReport",
    "tool-calls": "ServerMessageToolCalls",
    "assistant-request": "ServerMessageAssistantRequest",
}

Checked = Callable[..., requests.Response]


def document(name: str, url: str) -> OpenAPI:
    """One provider's document, strict and with the sandbox for a server."""
    spec = strict(load(name))
    spec["servers"] = [{"url": url}]
    for path in spec["paths"].values():
        path.pop("servers", None)
    return OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))


def checker(openapi: OpenAPI, client: Client) -> Checked:
    """Sends a request; the document must allow it and its answer."""

    def call(method: str, path: str, **options: Any) -> requests.Response:
        answer = client.call(method, path, **options)
        request = RequestsOpenAPIRequest(answer.request)
        openapi.validate_request(request)
        assert answer.ok, answer.text
        openapi.validate_response(request, RequestsOpenAPIResponse(answer))
        return answer

    return call


@pytest.fixture(scope="module")
def vapi_document(running: Sandbox) -> OpenAPI:
    return document("vapi_openapi.json", running.url + "/vapi")


@pytest.fixture
def vapi_call(vapi_document: OpenAPI, vapi: Client) -> Checked:
    return checker(vapi_document, vapi)


def test_every_door_of_vapi_conforms(vapi_call: Checked) -> None:
    listed = vapi_call("GET", "/assistant?limit=5&createdAtGt=2025-01-01T00:00:00Z").json()
    made = vapi_call("POST", "/assistant", json={"name": "New"}).json()
    assert vapi_call("GET", f"/assistant/{FRONT_DESK}").json() == listed[0]
    vapi_call("PATCH", f"/assistant/{FRONT_DESK}", json={"firstMessage": "Hi"})
    vapi_call("DELETE", f"/assistant/{made['id']}")
    for number in vapi_call("GET", "/phone-number").json():
        vapi_call("GET", f"/phone-number/{number['id']}")
    vapi_call("GET", "/call?limit=1")


def test_vapis_calls_and_numbers_conform(vapi_call: Checked, vapi: Client, app: App) -> None:
    asked = {**CALL, "assistantOverrides": {"server": {"url": f"{app.url}/vapi"}}}
    made = vapi_call("POST", "/call", json=asked).json()
    app.wait_for("/vapi", 5)
    one = f"/call/{made['id']}"
    assert vapi_call("GET", one).json()["status"] == "ended"
    vapi_call("GET", f"/call?assistantId={FRONT_DESK}&createdAtGe=2026-01-06T00:00:00Z")
    vapi_call("PATCH", one, json={"name": "Mine"})
    vapi_call("DELETE", one, json={})
    keys = {"twilioAccountSid": ACCOUNT, "twilioAuthToken": DEMO[1]}
    number = {"provider": "twilio", "number": "+15005550010", **keys}
    path = f"/phone-number/{vapi_call('POST', '/phone-number', json=number).json()['id']}"
    change = {"provider": "twilio", "assistantId": FRONT_DESK}
    vapi_call("PATCH", path, json=change)
    vapi_call("DELETE", path)


def test_what_vapi_tells_a_server_conforms(vapi: Client, app: App, control: Client) -> None:
    schemas = strict(load("vapi_openapi.json"))
    wish = {"name": "open_hours", "arguments": {"day": "monday"}}
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "tool_calls": [wish]})
    vapi.patch(f"/phone-number/{FREE_NUMBER}", {"server": {"url": f"{app.url}/vapi"}})
    overrides = {"server": {"url": f"{app.url}/vapi"}}
    vapi.post("/call", {**CALL, "assistantOverrides": overrides})
    app.wait_for("/vapi", 6)
    order = {"kind": "call", "provider": "vapi", "from": PERSON, "to": "+15005550011"}
    control.post("/incoming", order)
    app.wait_for("/vapi", 7)
    seen = set()
    for one in app.at("/vapi"):
        message = json.loads(one.body)["message"]
        seen.add(message["type"])
        name = SERVER_MESSAGES[message["type"]]
        checked = {**schemas, "$ref": f"#/components/schemas/{name}"}
        OAS30Validator(checked).validate(message)
    assert seen == set(SERVER_MESSAGES)


def test_the_whole_seed_can_be_created_again(vapi_call: Checked, sandbox: Sandbox) -> None:
    seed = sandbox.vapi.assistant(FRONT_DESK)
    fields = {key: seed[key] for key in ASSISTANT.fields if key in seed}
    made = vapi_call("POST", "/assistant", json=fields).json()
    assert {key: made[key] for key in fields} == fields


def full_values() -> Iterator[tuple[str, Any]]:
    """Every alternative of every key of an assistant, each with all its fields."""
    schemas = load("vapi_openapi.json")["components"]["schemas"]
    specimens = Specimens(schemas)
    for key, schema in schemas["UpdateAssistantDTO"]["properties"].items():
        for value in specimens.each(schema):
            yield key, value


def test_whatever_the_document_allows_is_taken_and_read_back(vapi: Client) -> None:
    count = 0
    for key, value in full_values():
        answer = vapi.patch(f"/assistant/{FRONT_DESK}", {key: value})
        assert answer.status_code == 200, (key, value, answer.text)
        assert answer.json()[key] == value
        count += 1
    assert count > 80


@pytest.mark.parametrize(
    "body",
    [
        {"foo": 1},
        {"id": "x"},
        {"name": "x" * 41},
        {"maxDurationSeconds": 9},
        {"firstMessage": None},
        {"model": {"provider": "openai", "model": "gpt-4o", "temperature": 2.1}},
        {"model": {"provider": "openai", "model": "gpt-4o", "maxTokens": 49}},
        {"model": {"provider": "openai", "model": "gpt-4o", "foo": 1}},
        {"voice": {"provider": "11labs", "voiceId": "sarah", "speed": 1.3}},
        {"voice": {"provider": "cartesia", "voiceId": "x", "speed": 1}},
        {"artifactPlan": {"transcriptPlan": {"on": True}}},
    ],
)
def test_what_the_sandbox_refuses_the_document_refuses_too(
    vapi_document: OpenAPI, vapi: Client, body: Any
) -> None:
    answer = vapi.patch(f"/assistant/{FRONT_DESK}", body)
    assert answer.status_code == 400
    with pytest.raises(Exception, match=r"^Request body validation error"):
        vapi_document.validate_request(RequestsOpenAPIRequest(answer.request))


def test_twilios_account_and_numbers_conform(sandbox: Sandbox) -> None:
    with Client(sandbox.url + "/twilio") as client:
        call = checker(document("twilio_api_v2010.json", client.base), client)
        call("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json", auth=DEMO)
        numbers = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
        call("GET", f"{numbers}?PageSize=1&Page=1", auth=DEMO)


def test_twilios_calls_and_messages_conform(twilio: Twilio, control: Client) -> None:
    base = f"/2010-04-01/Accounts/{ACCOUNT}"
    with Client(twilio.base.removesuffix(base)) as client:
        client.session.auth = DEMO
        call = checker(document("twilio_api_v2010.json", client.base), client)
        ends = {"To": PERSON, "From": DESK, "StatusCallback": "http://127.0.0.1:1/status"}
        placed = {**ends, "Twiml": WAIT, "StatusCallbackEvent": ["ringing", "completed"]}
        made = call("POST", f"{base}/Calls.json", data=placed).json()
        twilio.becomes("Calls", made["sid"], "in-progress")
        one = f"{base}/Calls/{made['sid']}.json"
        call("GET", one)
        call("POST", one, data={"Status": "completed"})
        call("GET", one)
        sought = f"To=%2B{PERSON[1:]}&StartTime%3E=2026-01-01T00:00:00Z&PageSize=1"
        call("GET", f"{base}/Calls.json?{sought}")
        sent = call("POST", f"{base}/Messages.json", data={**ends, "Body": "Hi"}).json()
        twilio.becomes("Messages", sent["sid"], "delivered")
        call("GET", f"{base}/Messages/{sent['sid']}.json")
        call("POST", f"{base}/Messages/{sent['sid']}.json", data={"Body": ""})
        call("GET", f"{base}/Messages.json?From=%2B{DESK[1:]}&PageSize=1")
        control.post("/phone", {"to": PERSON, "behaviour": "answer", "texts": "undelivered"})
        lost = call("POST", f"{base}/Messages.json", data={**ends, "Body": "Hi"}).json()
        twilio.becomes("Messages", lost["sid"], "undelivered")
        call("GET", f"{base}/Messages/{lost['sid']}.json")
        call("DELETE", one)
        number = f"{base}/IncomingPhoneNumbers/PN{'0' * 31}1.json"
        call("GET", number)
        call("POST", number, data={"VoiceUrl": "http://127.0.0.1:1/voice"})


def test_resends_domains_conform(sandbox: Sandbox) -> None:
    with Client(sandbox.url + "/resend") as client:
        call = checker(document("resend.json", client.base), client)
        call("GET", "/domains", headers={"Authorization": "Bearer re_demo"})
