"""Vapi's assistants and phone numbers, as a client sees them."""

import copy
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.vapi.errors import RefusedError

FRONT_DESK = "5d0e9c1a-6b1f-4c1e-9a53-2f7d80b4c6e1"
NOBODY = "00000000-0000-4000-8000-000000000000"


def _front_desk(vapi: Client) -> dict[str, Any]:
    found: dict[str, Any] = vapi.get(f"/assistant/{FRONT_DESK}").json()
    return found


def test_the_demo_account_has_exactly_one_assistant_with_one_custom_key(vapi: Client) -> None:
    (assistant,) = vapi.get("/assistant").json()
    assert assistant["name"] == "Front desk"
    assert assistant["metadata"] == {"department": "sales"}
    assert (assistant["model"]["temperature"], assistant["model"]["maxTokens"]) == (0.7, 250)
    assert assistant["maxDurationSeconds"] == 1800
    assert assistant == _front_desk(vapi)


def test_a_wrong_key_is_refused_in_vapis_words(vapi: Client) -> None:
    answer = vapi.get("/assistant", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthorized"
    assert answer.json()["message"].startswith("Invalid Key.")


@pytest.mark.parametrize(
    "given", ["", "vapi-demo-key", "Basic vapi-demo-key", "Bearer", "Bearer ü"]
)
def test_only_a_bearer_key_counts(vapi: Client, given: str) -> None:
    headers = {"Authorization": given.encode()}
    assert vapi.get("/assistant", headers=headers).status_code == 401


def test_the_settings_endpoint_that_never_existed_is_not_there(vapi: Client) -> None:
    answer = vapi.get("/settings")
    assert answer.status_code == 404
    assert answer.json() == {
        "message": "Cannot GET /settings",
        "error": "Not Found",
        "statusCode": 404,
    }


def test_patch_replaces_a_nested_object_whole(vapi: Client) -> None:
    model = {"provider": "openai", "model": "gpt-4o", "temperature": 1}
    answer = vapi.patch(f"/assistant/{FRONT_DESK}", {"model": model})
    assert answer.status_code == 200
    assert answer.json()["model"] == model
    assert _front_desk(vapi)["model"] == model


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("voice", {"provider": "azure", "voiceId": "emma"}),
        ("artifactPlan", {"transcriptPlan": {"enabled": False}}),
        ("metadata", {"other": [1, {"deep": None}]}),
        ("serverMessages", ["hang"]),
    ],
)
def test_patch_touches_nothing_but_the_key_it_names(vapi: Client, key: str, value: Any) -> None:
    before = _front_desk(vapi)
    vapi.patch(f"/assistant/{FRONT_DESK}", {key: value})
    after = _front_desk(vapi)
    assert after.pop(key) == value
    assert after.pop("updatedAt") > before.pop("updatedAt")
    del before[key]
    assert after == before


def test_each_part_of_an_assistant_can_be_sent_back_as_it_was_read(vapi: Client) -> None:
    whole = _front_desk(vapi)
    server_side = ("id", "orgId", "createdAt", "updatedAt")
    parts = {key: value for key, value in whole.items() if key not in server_side}
    answer = vapi.patch(f"/assistant/{FRONT_DESK}", parts)
    assert answer.status_code == 200, answer.text
    assert {key: answer.json()[key] for key in parts} == parts


def test_a_refused_patch_changes_nothing(vapi: Client) -> None:
    before = _front_desk(vapi)
    body = {"firstMessage": "Hi", "model": {"temperature": 9}}
    assert vapi.patch(f"/assistant/{FRONT_DESK}", body).status_code == 400
    assert _front_desk(vapi) == before


def test_whole_numbers_and_large_ones_come_back_as_javascript_has_them(vapi: Client) -> None:
    body = b'{"metadata": {"whole": 1.0, "large": 12345678901234567890, "half": 0.5}}'
    answer = vapi.call(
        "PATCH",
        f"/assistant/{FRONT_DESK}",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    assert '"whole":1,"large":12345678901234567000,"half":0.5' in answer.text


def test_text_of_every_kind_survives(vapi: Client) -> None:
    text = "Grüße, “Nguyễn” 👋 \u2028 \x00 \ud800"
    assert vapi.patch(f"/assistant/{FRONT_DESK}", {"firstMessage": text}).status_code == 200
    assert _front_desk(vapi)["firstMessage"] == text


def test_a_new_assistant_lives_until_it_is_deleted(vapi: Client) -> None:
    made = vapi.post("/assistant", {"name": "Night shift"})
    assert made.status_code == 201
    path = f"/assistant/{made.json()['id']}"
    assert [a["name"] for a in vapi.get("/assistant").json()] == ["Night shift", "Front desk"]
    gone = vapi.delete(path)
    assert (gone.status_code, gone.json()) == (200, made.json())
    assert vapi.get(path).status_code == 404
    assert vapi.delete(path).status_code == 404


def test_two_runs_give_the_same_ids_and_times(sandbox: Sandbox, vapi: Client) -> None:
    def run() -> list[bytes]:
        sandbox.reset()
        made = vapi.post("/assistant", {"name": "A"})
        changed = vapi.patch(f"/assistant/{made.json()['id']}", {"name": "B"})
        return [made.content, changed.content, vapi.get("/assistant").content]

    assert run() == run()


def test_an_id_of_another_account_is_not_found_and_no_id_at_all_is_a_bad_request(
    vapi: Client,
) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert vapi.call(method, f"/assistant/{NOBODY}", json={}).status_code == 404
        assert vapi.call(method, "/assistant/front-desk", json={}).status_code == 400
    assert vapi.get("/assistant/x/y").status_code == 404


def test_a_list_is_cut_filtered_and_newest_first(vapi: Client) -> None:
    for name in ("one", "two", "three"):
        vapi.post("/assistant", {"name": name})

    def names(query: str) -> list[str]:
        return [thing["name"] for thing in vapi.get(f"/assistant?{query}").json()]

    assert names("limit=2") == ["three", "two"]
    assert names("limit=0") == []
    assert names("createdAtLe=2026-01-05T09:00:02.000Z&limit=1") == ["two"]
    assert names("createdAtLt=2026-01-05T09:00:01Z") == ["Front desk"]
    assert names("updatedAtGt=2026-01-05T09:00:02%2B00:00") == ["three"]
    assert names("createdAtGe=2026-01-05T09:00:03.000Z") == ["three"]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("limit=1001", "limit must not be greater than 1000"),
        ("limit=-1", "limit must not be less than 0"),
        ("limit=ten", "limit must be a number conforming to the specified constraints"),
        ("createdAtGt=yesterday", "createdAtGt must be a valid ISO 8601 date string"),
        ("page=2", "property page should not exist"),
    ],
)
def test_a_list_refuses_what_it_does_not_know(vapi: Client, query: str, complaint: str) -> None:
    for path in ("/assistant", "/phone-number", "/call"):
        answer = vapi.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert answer.json()["message"] == [complaint]


def test_phone_numbers_carry_twilios_token_as_vapi_sends_it(vapi: Client) -> None:
    numbers = {number["provider"]: number for number in vapi.get("/phone-number").json()}
    assert numbers.keys() == {"twilio", "vapi"}
    assert numbers["twilio"]["twilioAuthToken"]
    one = numbers["twilio"]
    assert vapi.get(f"/phone-number/{one['id']}").json() == one
    assert vapi.get(f"/phone-number/{NOBODY}").status_code == 404


def test_there_are_no_calls_yet(vapi: Client) -> None:
    assert vapi.get("/call").json() == []


def test_a_change_in_the_dashboard_is_seen_by_clients_and_leaves_no_trace(
    sandbox: Sandbox, vapi: Client
) -> None:
    changed = sandbox.vapi.change_assistant(FRONT_DESK, maxDurationSeconds=60)
    made = sandbox.vapi.add_assistant(name="Second")
    assert sandbox.requests("vapi") == []
    assert vapi.get("/assistant").json() == [made, changed]
    with pytest.raises(RefusedError):
        sandbox.vapi.change_assistant(FRONT_DESK, maxDurationSeconds=1)
    with pytest.raises(KeyError):
        sandbox.vapi.change_assistant(NOBODY, name="x")


def test_a_form_is_no_json(vapi: Client) -> None:
    body = b'{"name": "Reception"}'
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = vapi.call("PATCH", f"/assistant/{FRONT_DESK}", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["message"] == ['property {"name": "Reception"} should not exist']


def test_state_seen_from_behind_is_a_copy_and_leaves_no_trace(
    sandbox: Sandbox, vapi: Client
) -> None:
    seen = sandbox.vapi.assistant(FRONT_DESK)
    untouched = copy.deepcopy(seen)
    seen["model"]["messages"].clear()
    assert sandbox.vapi.assistants() == [untouched]
    assert sandbox.requests("vapi") == []
    with pytest.raises(KeyError):
        sandbox.vapi.assistant(NOBODY)
