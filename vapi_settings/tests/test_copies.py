"""Copies of Vapi's settings over REST: their age, their ETags, and who asks past them."""

import pytest

from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS, store_key


def listed(answer):
    return {setting["key"]: setting for setting in answer.json()["settings"]}


def test_a_hundred_reads_reach_vapi_twice_at_most(ada, vapi):
    for number in range(100):
        address = SETTINGS if number % 2 else f"{SETTINGS}/temperature"
        assert ada.get(address).status_code == 200
    assert vapi.asked == ["GET /assistant"]


def test_no_cache_asks_vapi_each_time(ada, vapi):
    ada.get(SETTINGS)
    vapi.change(firstMessage="Good morning!")
    assert listed(ada.get(SETTINGS))["greeting_message"]["value"] != "Good morning!"
    fresh = ada.get(SETTINGS, **NO_CACHE)
    assert listed(fresh)["greeting_message"]["value"] == "Good morning!"
    assert listed(ada.get(SETTINGS))["greeting_message"]["value"] == "Good morning!"


def test_each_read_is_one_request_to_vapi(ada, user, vapi):
    """A read that counted twice would close the breaker after one probe."""
    for _ in range(3):
        ada.get(SETTINGS, **NO_CACHE)
    assert vapi.asked == ["GET /assistant"] * 3
    vapi.sandbox.clear_requests()
    store_key(user, default_assistant_id=ASSISTANT)
    for _ in range(3):
        ada.get(SETTINGS, **NO_CACHE)
    assert vapi.asked == ["GET /assistant/*"] * 3


def test_copies_expire_after_the_configured_seconds(ada, vapi, settings):
    ada.get(SETTINGS)
    vapi.change(firstMessage="Good morning!")
    settings.VAPI_CACHE_SECONDS = 0
    assert listed(ada.get(SETTINGS))["greeting_message"]["value"] == "Good morning!"


def test_answers_say_how_old_they_are_and_whose(ada):
    answer = ada.get(SETTINGS)
    assert answer["Age"] == "0"
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer["Vary"]


@pytest.mark.parametrize("address", [SETTINGS, f"{SETTINGS}/temperature"])
def test_who_knows_the_etag_gets_304(ada, address):
    tag = ada.get(address)["ETag"]
    assert tag.startswith('"')
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = ada.get(address, HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert ada.get(address, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_an_etag_belongs_to_one_value(ada, vapi):
    before = {key: ada.get(f"{SETTINGS}/{key}")["ETag"] for key in ("temperature", "max_tokens")}
    assert before["temperature"] != before["max_tokens"]
    everything = ada.get(SETTINGS)["ETag"]
    vapi.change(model={**vapi.document()["model"], "temperature": 0.71})
    fresh = ada.get(f"{SETTINGS}/temperature", HTTP_IF_NONE_MATCH=before["temperature"], **NO_CACHE)
    assert fresh.status_code == 200
    assert fresh["ETag"] != before["temperature"]
    assert ada.get(f"{SETTINGS}/max_tokens")["ETag"] == before["max_tokens"]
    assert ada.get(SETTINGS)["ETag"] != everything
