"""The settings of an assistant over REST, held against what Vapi holds."""

import json

import pytest

from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS, store_key
from vapi_settings.models import AccountGeneration


def listed(answer):
    return {setting["key"]: setting for setting in answer.json()["settings"]}


def test_the_list_shows_six_standard_settings_and_the_custom_one(ada):
    answer = ada.get(SETTINGS)
    assert answer.status_code == 200
    assert answer.json()["assistant"] == {
        "id": ASSISTANT,
        "name": "Front desk",
        "updated_at": "2026-01-05T08:30:00Z",
    }
    assert {key: setting["value"] for key, setting in listed(answer).items()} == {
        "greeting_message": "Hello! You have reached Brightside Dental. How can I help you today?",
        "max_call_duration": 1800,
        "voice_speed": 1.0,
        "temperature": 0.7,
        "max_tokens": 250,
        "enable_transcription": True,
        "department": "sales",
    }
    assert "stale" not in answer.json()


def test_a_setting_has_the_contracts_members(ada):
    answer = ada.get(f"{SETTINGS}/voice_speed")
    assert answer.json() == {
        "setting": {
            "key": "voice_speed",
            "value": 1.0,
            "type": "float",
            "description": "How fast the voice speaks; 1.0 is its natural pace.",
            "constraints": {"minimum": 0.7, "maximum": 1.2},
            "default": 1.0,
            "updated_at": "2026-01-05T08:30:00Z",
            "custom": False,
            "is_set": True,
        }
    }


def test_a_custom_setting_is_found_by_its_key(ada):
    setting = ada.get(f"{SETTINGS}/department").json()["setting"]
    assert (setting["value"], setting["type"], setting["custom"]) == ("sales", "json", True)
    assert setting["constraints"] == {"max_bytes": 8192}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"custom": "true"}, ["department"]),
        ({"search": "TOKENS"}, ["max_tokens"]),
        ({"search": "brightside"}, ["greeting_message"]),
        ({"search": "sales", "custom": "false"}, []),
        ({"search": "nothing like it"}, []),
    ],
)
def test_the_list_can_be_narrowed(ada, query, keys):
    assert list(listed(ada.get(SETTINGS, query))) == keys


def test_only_standard_settings_can_be_asked_for(ada):
    assert len(listed(ada.get(SETTINGS, {"custom": "false"}))) == 6


def test_a_custom_that_is_neither_true_nor_false_is_refused(ada):
    answer = ada.get(SETTINGS, {"custom": "perhaps"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"custom": ["must be true or false."]}


@pytest.mark.parametrize("key", ["nonsense", "Temperature", "a-b", "x" * 65, "%00", "ä"])
def test_an_unknown_key_is_a_404_that_says_which(ada, key):
    answer = ada.get(f"{SETTINGS}/{key}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "setting_not_found"
    assert "There is no setting" in answer.json()["detail"]
    assert key[:1] in answer.json()["detail"] or key == "%00"


def test_what_the_assistant_lacks_shows_the_default_and_is_not_set(ada, vapi):
    vapi.forget("firstMessage", "artifactPlan", "metadata", "voice")
    shown = listed(ada.get(SETTINGS))
    for key, default in (("greeting_message", "Hello!"), ("enable_transcription", True)):
        assert (shown[key]["value"], shown[key]["is_set"]) == (default, False)
    assert shown["voice_speed"]["constraints"] == {"minimum": 0.5, "maximum": 1.2}
    assert "department" not in shown


@pytest.mark.database
def test_whatever_vapi_holds_is_shown_as_it_is(ada, vapi):
    document = vapi.document()
    vapi.plant(
        firstMessage={"strange": "\ud800"},
        maxDurationSeconds=10**30,
        model={**document["model"], "temperature": "warm", "maxTokens": None},
        artifactPlan=["not", "a plan"],
        metadata={"half": "\udc00 \u0000", "No-Setting": 1, "temperature": 9, "deep": [[[[{}]]]]},
    )
    answer = ada.get(SETTINGS)
    assert answer.status_code == 200
    shown = {key: setting["value"] for key, setting in listed(answer).items()}
    assert shown["greeting_message"] == {"strange": "\ud800"}
    assert shown["max_call_duration"] == 10**30
    assert shown["temperature"] == "warm"
    assert shown["max_tokens"] == 250
    assert shown["enable_transcription"] is True
    assert shown["half"] == "\udc00 \u0000"
    assert shown["deep"] == [[[[{}]]]]
    assert "No-Setting" not in shown
    half = ada.get(f"{SETTINGS}/half/history").json()["results"]
    assert half[0]["after"] == "\udc00 \u0000"


@pytest.mark.parametrize("metadata", [None, [], "text", 5])
def test_metadata_that_is_no_object_holds_no_settings(ada, vapi, metadata):
    vapi.plant(metadata=metadata)
    assert len(listed(ada.get(SETTINGS))) == 6


def test_an_assistant_nested_beyond_reason_is_no_answer(ada, vapi):
    bomb = []
    for _ in range(150):
        bomb = [bomb]
    vapi.plant(metadata={"bomb": bomb})
    answer = ada.get(SETTINGS)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_unreachable")


def test_without_credentials_the_sentence_says_where_to_add_them(api, vapi):
    answer = api.get(SETTINGS)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Vapi credentials not configured. Add them in Settings."
    assert vapi.asked == []


def test_without_a_login_nothing_is_shown(client, vapi):
    for address in (SETTINGS, f"{SETTINGS}/temperature", f"{SETTINGS}/temperature/history"):
        assert client.get(address).status_code == 401


class TestWhichAssistant:
    @pytest.fixture
    def second(self, vapi):
        return vapi.sandbox.vapi.add_assistant(name="Night shift")["id"]

    def test_several_and_no_default_is_a_409_that_lists_them(self, ada, vapi, second):
        for answer in (
            ada.get(SETTINGS),
            ada.get(f"{SETTINGS}/temperature/history"),
            ada.put(f"{SETTINGS}/temperature", {"value": 1}),
        ):
            assert answer.status_code == 409
            assert answer.json()["code"] == "assistant_ambiguous"
            assert sorted(answer.json()["assistants"], key=lambda one: one["name"]) == [
                {"id": ASSISTANT, "name": "Front desk"},
                {"id": second, "name": "Night shift"},
            ]
        assert vapi.patches == []

    def test_the_query_picks_one(self, ada, second):
        answer = ada.get(SETTINGS, {"assistant_id": second})
        assert answer.json()["assistant"]["name"] == "Night shift"

    def test_an_id_in_capitals_is_the_same_assistant(self, ada, second):
        answer = ada.get(SETTINGS, {"assistant_id": ASSISTANT.upper()})
        assert answer.json()["assistant"]["id"] == ASSISTANT

    def test_the_default_is_used_where_none_is_named(self, ada, user, second):
        store_key(user, default_assistant_id=second)
        assert ada.get(SETTINGS).json()["assistant"]["id"] == second
        chosen = ada.get(SETTINGS, {"assistant_id": ASSISTANT})
        assert chosen.json()["assistant"]["id"] == ASSISTANT

    def test_a_default_that_is_gone_says_so(self, ada, user):
        store_key(user, default_assistant_id="11111111-2222-4333-8444-555555555555")
        answer = ada.get(SETTINGS)
        assert answer.status_code == 404
        assert answer.json()["code"] == "assistant_not_found"
        assert "default assistant no longer exists" in answer.json()["detail"]

    def test_none_at_all_says_what_to_do(self, ada, vapi):
        vapi.sandbox.vapi._assistants.delete(ASSISTANT)
        answer = ada.get(SETTINGS)
        assert answer.status_code == 404
        assert "Create one in Vapi's dashboard" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "wrong", ["11111111-2222-4333-8444-555555555555", "x", "", "../call", "a" * 65, "\0"]
    )
    def test_an_unknown_one_is_a_404(self, ada, vapi, wrong):
        for answer in (
            ada.get(SETTINGS, {"assistant_id": wrong}),
            ada.put(f"{SETTINGS}/temperature?assistant_id={wrong}", {"value": 1}),
        ):
            assert answer.status_code == 404
            assert answer.json()["code"] == "assistant_not_found"
        assert vapi.patches == []

    def test_the_only_one_replaced_by_another_is_found(self, ada, vapi):
        ada.get(SETTINGS)
        vapi.sandbox.vapi._assistants.delete(ASSISTANT)
        created = vapi.sandbox.vapi.add_assistant(name="The new one")
        copy_of_the_old = ada.get(SETTINGS)
        assert copy_of_the_old.json()["assistant"]["id"] == ASSISTANT
        assert ada.get(SETTINGS, **NO_CACHE).json()["assistant"]["id"] == created["id"]
        assert ada.get(SETTINGS).json()["assistant"]["id"] == created["id"]


def test_a_stranger_sees_neither_copies_nor_history(ada, strangers_api, stranger, vapi):
    ada.get(SETTINGS)
    assert strangers_api.get(SETTINGS, {"assistant_id": ASSISTANT}).status_code == 400
    store_key(stranger, api_key="another-wrong-key")
    answer = strangers_api.get(SETTINGS, {"assistant_id": ASSISTANT})
    assert answer.status_code == 401
    history = strangers_api.get(f"{SETTINGS}/temperature/history", {"assistant_id": ASSISTANT})
    assert history.status_code == 401


def test_the_body_is_plain_json(ada):
    answer = ada.get(SETTINGS)
    assert answer["Content-Type"] == "application/json"
    json.loads(answer.content)


def test_a_key_that_the_release_before_replaces_is_used_at_once(ada, user, vapi):
    """It knows of no epoch, and may run beside this one."""
    assert ada.get(SETTINGS).status_code == 200
    row = AccountGeneration.objects.filter(pk=user.pk)
    before = row.values("epoch", "generation").get()
    store_key(user, api_key="vapi-key-refused")
    row.update(**before)
    assert ada.get(SETTINGS).json()["code"] == "provider_auth_failed"
