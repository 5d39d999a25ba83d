"""PUT: what AVA says it did, and what arrived at Vapi."""

import copy
import dataclasses

import pytest

from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS
from vapi_settings.models import AccountGeneration, AssistantLease, Revision

CHANGES = {
    "greeting_message": ("Grüß Gott! ☎ 日本語", "firstMessage"),
    "max_call_duration": (900, "maxDurationSeconds"),
    "voice_speed": (0.8, "voice.speed"),
    "temperature": (1.3, "model.temperature"),
    "max_tokens": (777, "model.maxTokens"),
    "enable_transcription": (False, "artifactPlan.transcriptPlan.enabled"),
    "department": ({"name": "Sales", "floor": [1, 2.5, None, True]}, "metadata.department"),
    "brand_new": ("made by PUT", "metadata.brand_new"),
}


def with_value(document, dotted, value):
    changed = copy.deepcopy(document)
    *parents, leaf = dotted.split(".")
    inner = changed
    for name in parents:
        inner = inner[name]
    inner[leaf] = value
    return changed


def apart_from_time(document):
    return {name: value for name, value in document.items() if name != "updatedAt"}


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_touches_its_one_field_and_nothing_else(put, vapi, key):
    value, where = CHANGES[key]
    before = vapi.document()
    answer = put(key, value)
    assert answer.status_code == 200
    assert answer.json()["setting"]["value"] == value
    expected = with_value(before, where, value)
    assert apart_from_time(vapi.document()) == apart_from_time(expected)
    top = where.partition(".")[0]
    assert vapi.patches == [{top: expected[top]}]


def test_a_change_reads_patches_and_reads_back(put, vapi):
    put("temperature", 1.0)
    assert vapi.asked == [
        "GET /assistant",
        "GET /assistant/*",
        "PATCH /assistant/*",
        "GET /assistant/*",
    ]


def test_the_next_read_has_the_new_value_without_asking_vapi(put, vapi, value_of):
    put("temperature", 1.1)
    vapi.sandbox.clear_requests()
    assert value_of("temperature") == 1.1
    assert vapi.asked == []


def test_a_change_works_on_what_vapi_holds_now_and_not_on_the_copy(put, vapi, value_of):
    value_of("temperature")
    messages = [{"role": "system", "content": "A new prompt from the dashboard"}]
    vapi.change(model={**vapi.document()["model"], "messages": messages})
    put("temperature", 1.1)
    assert vapi.document()["model"]["messages"] == messages


def test_the_same_value_again_is_no_change(put, vapi, history):
    before = put("temperature", 1)
    vapi.sandbox.clear_requests()
    again = put("temperature", 1.0)
    assert (again.status_code, again["ETag"]) == (200, before["ETag"])
    assert vapi.patches == []
    assert len(history("temperature")) == 2


def test_a_default_that_was_only_shown_is_really_set(put, vapi):
    vapi.forget("firstMessage")
    answer = put("greeting_message", "Hello!")
    assert answer.json()["setting"]["is_set"] is True
    assert vapi.document()["firstMessage"] == "Hello!"


def test_missing_plans_and_metadata_are_made(put, vapi):
    vapi.forget("artifactPlan", "metadata")
    assert put("enable_transcription", False).status_code == 200
    assert put("my_key", [1]).status_code == 200
    assert vapi.patches == [
        {"artifactPlan": {"transcriptPlan": {"enabled": False}}},
        {"metadata": {"my_key": [1]}},
    ]


@pytest.mark.parametrize(("key", "part"), [("temperature", "model"), ("voice_speed", "voice")])
def test_without_a_model_or_voice_the_refusal_says_so(put, vapi, key, part):
    vapi.forget(part)
    answer = put(key, 1)
    assert answer.status_code == 400
    assert f"this assistant has no usable {part}" in answer.json()["detail"]
    assert vapi.patches == []


def test_a_voice_without_speed_is_refused_with_its_name(put, vapi):
    vapi.change(voice={"provider": "hume", "voiceId": "ito"})
    answer = put("voice_speed", 1.1)
    assert answer.status_code == 400
    assert "hume voices have none" in answer.json()["detail"]
    assert vapi.patches == []


def test_voice_speed_is_narrowed_to_the_voice_of_the_moment(put, vapi):
    answer = put("voice_speed", 0.6)
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"value": ["voice_speed must be between 0.7 and 1.2."]}
    vapi.change(voice={"provider": "azure", "voiceId": "andrew"})
    assert put("voice_speed", 0.6).status_code == 200


def test_null_is_a_value_of_a_custom_setting(put, vapi, value_of):
    assert put("my_key", None).status_code == 200
    assert value_of("my_key") is None
    assert vapi.document()["metadata"]["my_key"] is None


def test_standard_keys_are_never_kept_in_metadata(put, vapi):
    vapi.change(metadata={"temperature": 0.1})
    put("temperature", 1.5)
    assert vapi.document()["metadata"] == {"temperature": 0.1}
    assert vapi.document()["model"]["temperature"] == 1.5


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", 2.1),
        ("temperature", "0.7"),
        ("temperature", True),
        ("temperature", None),
        ("max_tokens", 50.5),
        ("max_call_duration", 59),
        ("greeting_message", ""),
        ("greeting_message", "x" * 201),
        ("enable_transcription", 0),
        ("my_key", "x" * 8191),
        ("my_key", 2**60),
    ],
)
def test_a_value_that_does_not_fit_never_reaches_vapi(put, vapi, key, value):
    answer = put(key, value)
    assert answer.status_code == 400
    body = answer.json()
    assert (answer["Content-Type"], body["code"]) == (
        "application/problem+json",
        "validation_failed",
    )
    assert body["errors"] == {"value": [body["detail"]]}
    assert vapi.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": 1e999}',
        b'{"value": "\\ud800"}',
        b'{"value": {"\\udc00": 1}}',
        b'{"value": "\\u0000"}',
        b'{"value": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"value": ' + b"9" * 5000 + b"}",
        b'{"value": ' + b"9" * 400 + b"}",
        b'{"value": "\xff"}',
        b'{"value": 1',
        b'{"volume": 1}',
        b"{}",
        b"[]",
        b"null",
        b'"value"',
        b"",
    ],
)
@pytest.mark.parametrize("key", ["my_key", "temperature"])
def test_a_hostile_body_is_a_400(ada, vapi, key, raw):
    answer = ada.put(f"{SETTINGS}/{key}", data=raw, content_type="application/json")
    assert answer.status_code == 400, raw
    assert answer.json()["code"] in ("validation_failed", "malformed_request")
    assert vapi.patches == []


@pytest.mark.database
@pytest.mark.parametrize(
    "number", [6.795858998254371e16, 1e22, 5e-324, -0.0, 2**53 - 1, 1.0, 1e300]
)
def test_numbers_are_kept_however_vapi_writes_them(put, value_of, number):
    assert put("my_key", [number]).status_code == 200
    assert [float(it) for it in value_of("my_key", **NO_CACHE)] == [number]
    assert put("my_key", [number]).status_code == 200


@pytest.mark.database
def test_a_neighbour_that_utf_8_cannot_hold_is_sent_back_as_it_was(put, vapi):
    strange = {"half": "\ud800", "nul": "\x00", "long": 2**53}
    vapi.plant(metadata=strange)
    assert put("my_key", 1).status_code == 200
    assert vapi.document()["metadata"] == {**strange, "my_key": 1}


@pytest.mark.parametrize("key", ["Temperature", "a-b", "1a", "x" * 65, "_a", "ä"])
def test_a_key_that_cannot_be_is_refused(put, vapi, key):
    answer = put(key, 1)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["key"]
    assert vapi.asked == []


def test_what_vapi_refuses_has_a_sentence_of_avas(put, vapi, monkeypatch, history):
    from vapi_settings import catalogue

    loose = catalogue.STANDARD["temperature"].constraints | {"maximum": 9.0}
    monkeypatch.setitem(
        catalogue.STANDARD,
        "temperature",
        dataclasses.replace(catalogue.STANDARD["temperature"], constraints=loose),
    )
    before = vapi.document()
    answer = put("temperature", 5)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "temperature must not be greater than 2. So says Vapi."
    assert b"statusCode" not in answer.content
    assert vapi.document() == before
    assert [row["source"] for row in history("temperature")] == ["found"]
    assert Revision.objects.get(status="failed").after == "5"


def test_an_assistant_vapi_itself_would_not_take_any_more_is_named(put, vapi):
    vapi.plant(model={**vapi.document()["model"], "fieldOfLastYear": 1})
    answer = put("temperature", 1)
    assert answer.status_code == 400
    assert "something else in the assistant's model" in answer.json()["detail"]
    assert b"fieldOfLastYear" not in answer.content


def test_a_change_through_another_process_is_seen_at_once(ada, put, vapi, value_of):
    """Other processes raise the account's generation; a copy of an earlier one is never found."""
    assert value_of("temperature") == 0.7
    put("max_tokens", 300)
    vapi.change(model={**vapi.document()["model"], "temperature": 0.9})
    AccountGeneration.objects.update(generation="another")
    assert value_of("temperature") == 0.9


def test_the_lease_is_free_after_every_outcome(put, vapi):
    put("temperature", 1.0)
    put("temperature", 1.1, HTTP_IF_MATCH='"other"')
    vapi.fail(match="PATCH /assistant", count=1)
    put("temperature", 1.2)
    lease = AssistantLease.objects.get(pk=ASSISTANT)
    assert (lease.holder, lease.lease_until) == (None, None)
