"""The booking tools put into an assistant, and taken away, with nothing else changed in it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials.models import Credential
from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS, Dashboard, store_key
from vapi_settings.models import Revision
from vapi_settings.tests.hooking import SECRET

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/vapi/booking-tool/installation"
NAMES = ["find_free_slots", "book_slot"]


@pytest.fixture(autouse=True)
def reachable(settings: Any, user: User, ada: APIClient) -> Credential:
    settings.PUBLIC_URL = "https://ava.example"
    return store_key(user, webhook_secret=SECRET)


def state(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    assert answer.json()["assistant"]["id"] == ASSISTANT
    return str(answer.json()["state"])


def without_tools(document: dict[str, Any]) -> dict[str, Any]:
    model = {name: value for name, value in document["model"].items() if name != "tools"}
    kept = {name: value for name, value in document.items() if name != "updatedAt"}
    return {**kept, "model": model}


def test_the_tools_come_beside_the_others_and_go_again(ada: APIClient, vapi: Dashboard) -> None:
    before = vapi.document()
    assert state(ada.get(PATH)) == "none"
    assert state(ada.put(PATH)) == "installed"
    after = vapi.document()
    others = before["model"].get("tools", [])
    assert after["model"]["tools"][: len(others)] == others
    own = after["model"]["tools"][len(others) :]
    assert [tool["function"]["name"] for tool in own] == NAMES
    assert without_tools(after) == without_tools(before)
    assert state(ada.get(PATH, **NO_CACHE)) == "installed"
    assert state(ada.delete(PATH)) == "none"
    assert vapi.document()["model"].get("tools", []) == others
    assert without_tools(vapi.document()) == without_tools(before)


def test_the_tools_ask_ava_with_the_users_own_proof(
    ada: APIClient, vapi: Dashboard, reachable: Credential
) -> None:
    ada.put(PATH)
    for tool in vapi.document()["model"]["tools"][-2:]:
        assert tool["server"]["url"] == reachable.webhook_url
        assert tool["server"]["headers"] == {"X-Vapi-Secret": SECRET}


def test_what_is_installed_already_is_not_sent_again(ada: APIClient, vapi: Dashboard) -> None:
    ada.put(PATH)
    sent = len(vapi.patches)
    assert state(ada.put(PATH)) == "installed"
    assert len(vapi.patches) == sent
    assert state(ada.delete(PATH)) == state(ada.delete(PATH)) == "none"


@pytest.mark.parametrize("change", ["settings", "secret"])
def test_tools_that_were_changed_since_are_outdated(
    ada: APIClient, vapi: Dashboard, user: User, change: str
) -> None:
    ada.put(PATH)
    if change == "settings":
        ada.put("/api/v1/vapi/booking-tool", {"calendar": "google", "time_zone": "Asia/Tokyo"})
    else:
        store_key(user, webhook_secret="another-secret-of-the-same-user")
    assert state(ada.get(PATH)) == "outdated"
    assert state(ada.put(PATH)) == "installed"
    functions = [tool.get("function", {}) for tool in vapi.document()["model"]["tools"]]
    assert [one["name"] for one in functions if one.get("name") in NAMES] == NAMES


def test_tools_pasted_by_hand_count_as_installed(ada: APIClient, vapi: Dashboard) -> None:
    tools = ada.get("/api/v1/vapi/booking-tool").json()["tools"]
    model = vapi.document()["model"]
    vapi.change(model={**model, "tools": [*model.get("tools", []), *tools]})
    assert state(ada.get(PATH, **NO_CACHE)) == "installed"
    assert state(ada.delete(PATH)) == "none"


def test_a_tool_of_that_name_that_asks_another_server_is_left_alone(
    ada: APIClient, vapi: Dashboard
) -> None:
    tool = {
        "type": "function",
        "function": {"name": "book_slot", "parameters": {"type": "object", "properties": {}}},
        "server": {"url": "https://other.example/book"},
    }
    model = vapi.document()["model"]
    vapi.change(model={**model, "tools": [tool]})
    answer = ada.put(PATH)
    assert answer.status_code == 400
    assert "has a tool book_slot that does not ask AVA" in answer.json()["detail"]
    assert state(ada.delete(PATH)) == "none"
    assert vapi.document()["model"]["tools"] == [tool]


def test_without_a_webhook_secret_nothing_is_installed(
    ada: APIClient, vapi: Dashboard, reachable: Credential
) -> None:
    ada.delete("/api/v1/integrations/vapi/credentials")
    ada.put("/api/v1/integrations/vapi/credentials", {"api_key": "vapi-demo-key"}, format="json")
    answer = ada.put(PATH)
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_secret_missing")
    assert not vapi.patches


def test_the_ledger_keeps_who_installed_it_and_no_secret(ada: APIClient, user: User) -> None:
    ada.put(PATH)
    ada.delete(PATH)
    rows = Revision.objects.filter(key="booking-tool", owner=user).order_by("number")
    assert [(row.source, row.status) for row in rows[1:]] == [("api", "confirmed")] * 2
    assert not any(SECRET in (row.before or "") + (row.after or "") for row in rows)


def test_tools_that_were_taken_away_at_vapi_are_recorded_as_changed_there(
    ada: APIClient, vapi: Dashboard
) -> None:
    ada.put(PATH)
    vapi.change(model={**vapi.document()["model"], "tools": []})
    for _ in range(2):
        assert state(ada.get(PATH, **NO_CACHE)) == "none"
    rows = Revision.objects.filter(key="booking-tool", source="vapi")
    assert [row.after for row in rows] == [None]


def test_an_answer_that_got_lost_is_found_to_be_done(ada: APIClient, vapi: Dashboard) -> None:
    vapi.fail("reset", match="PATCH /assistant", when="after", count=1)
    assert state(ada.put(PATH)) == "installed"


def test_the_tools_are_no_setting_that_the_list_or_an_edit_reaches(ada: APIClient) -> None:
    ada.put(PATH)
    keys = [one["key"] for one in ada.get(SETTINGS).json()["settings"]]
    assert "booking-tool" not in keys
    assert ada.get(f"{SETTINGS}/booking-tool").status_code == 404
    assert ada.put(f"{SETTINGS}/booking-tool", {"value": 1}, format="json").status_code == 400
