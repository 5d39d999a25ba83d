"""Requests to Vapi and answers to it, held against Vapi's official documents."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from conftest import PASSWORD
from integrations.credentials import services as credentials
from sandbox.tests.app import until
from sandbox.tests.rest_spec import Rest, again
from sandbox.tests.vapi_spec import check_reply, check_webhook, expects_an_answer
from sandbox.twilio.seed import ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN
from vapi_settings.calls import services as calls
from vapi_settings.calls import tools
from vapi_settings.calls.tests.calling import MARKS, NUMBER, TO, place
from vapi_settings.client import VapiClient
from vapi_settings.conftest import ASSISTANT, KEY, Dashboard, store_key
from vapi_settings.tests.hooking import FILES, SECRET, payload
from vapi_settings.tests.test_changing import CHANGES

ENTRY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TEMPLATE = re.compile(r"(/assistant|/call|/phone-number)/[0-9a-f-]{36}")
SECRET_SCHEMES = [{}, {"webhook_scheme": "bearer"}, {"webhook_header": "X-Ours"}]
TOOL = {"name": "opening_hours", "arguments": {"day": "friday"}}
OUTSIDE = {"kind": "call", "provider": "vapi", "from": "+15005550009", "to": "+15005550011"}


@pytest.fixture(scope="module")
def rest() -> Rest:
    return Rest("vapi_openapi.json", "http://provider")


def held(rest: Rest, vapi: Dashboard) -> set[tuple[str, str]]:
    """Everything that AVA asked, as documented. Returns: methods and paths."""
    asked = set()
    for one in vapi.sandbox.requests("vapi"):
        assert one.headers["authorization"].startswith("Bearer ")
        rest.check_request(again(one.method, one.path, one.query, one.body))
        asked.add((one.method, TEMPLATE.sub(r"\1/{id}", one.path)))
    return asked


def test_every_change_of_a_setting_is_asked_for_as_documented(
    rest: Rest, ada: APIClient, put: Any, vapi: Dashboard
) -> None:
    for key, (value, _) in CHANGES.items():
        assert put(key, value).status_code == 200
    assert held(rest, vapi) == {("GET", "/assistant"), *both("/assistant/{id}")}


def both(path: str) -> set[tuple[str, str]]:
    return {("GET", path), ("PATCH", path)}


def test_lists_and_the_check_of_a_key_are_asked_for_as_documented(
    rest: Rest, ada: APIClient, vapi: Dashboard
) -> None:
    for number in range(60):
        vapi.sandbox.vapi.add_assistant(name=f"No. {number}")
    VapiClient(KEY).check()
    assert ada.get("/api/v1/vapi/assistants").status_code == 200
    assert ada.get(f"/api/v1/vapi/assistants/{ASSISTANT}").status_code == 200
    assert ada.get("/api/v1/vapi/phone-numbers").status_code == 200
    lists = {("GET", "/assistant"), ("GET", "/phone-number")}
    assert held(rest, vapi) - {("GET", "/assistant/{id}")} == lists
    asked = [set(one.query) for one in vapi.sandbox.requests("vapi")]
    assert {"limit", "createdAtLe"} in asked


@pytest.mark.parametrize("scheme", SECRET_SCHEMES)
@pytest.mark.parametrize(
    "keys", [{}, {"api_key_sid": API_KEY_SID, "api_key_secret": API_KEY_SECRET}]
)
def test_a_number_is_imported_as_documented(
    rest: Rest, api: APIClient, user: User, vapi: Dashboard, settings: Any, keys: Any, scheme: Any
) -> None:
    settings.PUBLIC_URL = "https://ava.example"
    store_key(user, webhook_secret=SECRET, **scheme)
    values = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, **keys}
    credentials.save(user=user, provider="twilio", values=values, actor=user, source="api")
    wanted = {
        "number": "+15005550010",
        "replace_voice_url": True,
        "assistant_id": ASSISTANT,
        "password": PASSWORD,
    }
    answer = api.post("/api/v1/vapi/phone-numbers", {**wanted, "name": "Front desk"})
    assert answer.status_code == 201, answer.content
    assert ("POST", "/phone-number") in held(rest, vapi)
    [body] = [one.body for one in vapi.sandbox.requests("vapi") if one.method == "POST"]
    assert body["assistantId"] == ASSISTANT
    assert body["server"]["url"].startswith("https://ava.example/api/v1/webhooks/vapi?account=")


@pytest.mark.parametrize("scheme", SECRET_SCHEMES)
def test_a_call_is_placed_sought_and_looked_at_as_documented(
    rest: Rest, user: User, vapi: Dashboard, settings: Any, scheme: Any
) -> None:
    settings.PUBLIC_URL = "https://ava.example"
    vapi.forget("server")
    store_key(user, webhook_secret=SECRET, **scheme)
    placed = place(user)
    assert calls.fetch(user=user, call_id=placed.id, metadata={}).id == placed.id
    ends = {"assistant_id": ASSISTANT, "phone_number_id": NUMBER}
    found = calls.find(user=user, since=ENTRY, metadata=MARKS, **ends)
    assert [one.id for one in found] == [placed.id]
    assert calls.over_number(user=user, number="+15005550006", since=ENTRY)
    assert held(rest, vapi) >= {("POST", "/call"), ("GET", "/call"), ("GET", "/call/{id}")}
    [body] = [one.body for one in vapi.sandbox.requests("vapi") if one.method == "POST"]
    assert body["assistantOverrides"]["server"]["backoffPlan"]


@pytest.fixture
def hook(
    user: User, vapi: Dashboard, settings: Any, live_server: LiveServer, monkeypatch: Any
) -> str:
    """AVA, as Vapi reaches it, with a tool."""
    settings.PUBLIC_URL = live_server.url
    monkeypatch.setattr(tools, "_tools", {})
    tools.register_tool("opening_hours", lambda call: "8 to 14")
    account = store_key(user, webhook_secret=SECRET, default_assistant_id=ASSISTANT)
    vapi.forget("server")
    url = f"{live_server.url}/api/v1/webhooks/vapi?account={account.pk}"
    order(vapi, "vapi", {"url": url, "scheme": "secret", "secret": SECRET})
    return url


def order(vapi: Dashboard, what: str, body: Any) -> None:
    answer = requests.post(f"{vapi.sandbox.url}/_sandbox/{what}", json=body, timeout=5)
    assert answer.ok, answer.text


def talked(vapi: Dashboard, count: int) -> list[tuple[str, Any]]:
    """What Vapi sent and AVA answered, both as documented. Returns: types and answers."""

    def sent() -> list[Any]:
        answer = requests.get(f"{vapi.sandbox.url}/_sandbox/webhooks", timeout=5)
        return list(answer.json()["webhooks"])

    until(lambda: len(sent()) >= count)
    seen = []
    for one in sent():
        kind = check_webhook(one["body"])
        if expects_an_answer(kind):
            assert one["status"] == 200
            check_reply(kind, one["answer"])
        else:
            assert (one["status"], one["answer"]) == (204, None)
        seen.append((kind, one["answer"]))
    return seen


@pytest.mark.django_db(transaction=True)
def test_all_that_vapi_says_of_a_call_and_avas_answers_are_as_documented(
    hook: str, user: User, vapi: Dashboard
) -> None:
    tool_calls = [TOOL, {"name": "nothing", "arguments": {}}]
    order(vapi, "phone", {"to": TO, "behaviour": "answer", "tool_calls": tool_calls})
    place(user)
    seen = talked(vapi, 6)
    assert [kind for kind, _ in seen].count("status-update") == 4
    assert dict(seen).keys() == {"status-update", "tool-calls", "end-of-call-report"}
    said, refused = dict(seen)["tool-calls"]["results"]
    assert (said["result"], refused["error"]) == ("8 to 14", "There is no tool named nothing.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_what_vapi_asks_of_a_call_from_outside_and_avas_answer_are_as_documented(
    hook: str, user: User, vapi: Dashboard, known: bool
) -> None:
    if not known:
        vapi.sandbox.vapi.add_assistant(name="Second")
        store_key(user, webhook_secret=SECRET, default_assistant_id="")
    order(vapi, "incoming", OUTSIDE)
    seen = talked(vapi, 4 if known else 3)
    assert seen[0][0] == "assistant-request"
    assert seen[0][1].keys() == ({"assistantId"} if known else {"error"})


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_payloads_of_the_tests_are_as_documented(name: str) -> None:
    check_webhook(payload(name))
