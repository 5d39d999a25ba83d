"""While Vapi fails: the last good copy, said to be one, or the plain sentence."""

import pytest
from prometheus_client import REGISTRY

from ava.cache.tests.reading import later
from vapi_settings import reads
from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS, store_key

FAILURES = {
    "an error": {"kind": "status", "status": 500},
    "a rate limit": {"kind": "status", "status": 429},
    "silence": {"kind": "hang"},
    "a reset": {"kind": "reset"},
    "garbage": {"kind": "garbage"},
}
SENTENCES = {
    "a rate limit": (429, "Too many requests to Vapi. Please try again in a moment."),
}
UNREACHABLE = (502, "Connection to Vapi failed. Please try again later.")
REFUSED = "Invalid Vapi API key. Please update your credentials in Settings."


@pytest.fixture(params=["memory", "fleet"], autouse=True)
def redis(request):
    """Where copies are kept, if not in this process."""
    return request.getfixturevalue("redis") if request.param == "fleet" else None


@pytest.fixture
def expire(monkeypatch):
    """Call it: every copy has become `seconds` older."""

    def expire(seconds=400):
        later(monkeypatch, seconds)

    return expire


def counted(result):
    labels = {"cache": "vapi_assistant", "result": result}
    return REGISTRY.get_sample_value("ava_cache_requests_total", labels)


@pytest.mark.parametrize("failure", FAILURES)
def test_an_old_copy_is_served_and_said_to_be_stale(ada, vapi, expire, failure):
    fresh = ada.get(SETTINGS).json()
    expire()
    vapi.fail(**FAILURES[failure])
    before = counted("stale")
    answer = ada.get(SETTINGS)
    assert answer.status_code == 200
    body = answer.json()
    assert body["stale"] is True
    assert body["as_of"].endswith("Z")
    assert 400 <= int(answer["Age"]) < 420
    assert {"settings": body["settings"], "assistant": body["assistant"]} == fresh
    assert counted("stale") == before + 1


@pytest.mark.parametrize("failure", FAILURES)
def test_no_cache_gets_the_plain_sentence(ada, vapi, failure):
    ada.get(SETTINGS)
    vapi.fail(**FAILURES[failure])
    answer = ada.get(SETTINGS, **NO_CACHE)
    status, sentence = SENTENCES.get(failure, UNREACHABLE)
    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)


@pytest.mark.parametrize("failure", FAILURES)
def test_without_a_copy_the_sentence_is_plain_too(ada, vapi, failure):
    vapi.fail(**FAILURES[failure])
    answer = ada.get(f"{SETTINGS}/temperature")
    status, sentence = SENTENCES.get(failure, UNREACHABLE)
    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)


def test_a_read_waits_for_a_hanging_vapi_only_once(ada, vapi, expire):
    ada.get(SETTINGS)
    expire()
    vapi.sandbox.clear_requests()
    vapi.fail(kind="hang")
    assert ada.get(SETTINGS).json()["stale"] is True
    assert vapi.asked == ["GET /assistant"]


def test_one_stale_setting_says_so_and_is_no_304(ada, vapi, expire):
    tag = ada.get(f"{SETTINGS}/temperature")["ETag"]
    expire()
    vapi.fail()
    answer = ada.get(f"{SETTINGS}/temperature", HTTP_IF_NONE_MATCH=tag)
    assert (answer.status_code, answer["ETag"]) == (200, tag)
    assert (answer.json()["stale"], answer.json()["setting"]["value"]) == (True, 0.7)


@pytest.mark.parametrize("address", ["/api/v1/vapi/assistants", "/api/v1/vapi/phone-numbers"])
def test_stale_lists_say_so(ada, vapi, expire, address):
    fresh = ada.get(address).json()
    expire()
    vapi.fail(match="GET /")
    stale = ada.get(address).json()
    assert (stale.pop("stale"), stale.pop("as_of")[-1]) == (True, "Z")
    assert stale == fresh


def test_an_open_breaker_serves_copies_and_asks_nobody(ada, vapi, expire):
    ada.get(SETTINGS)
    expire()
    vapi.fail()
    for _ in range(3):
        ada.get(SETTINGS)
    vapi.sandbox.clear_requests()
    assert ada.get(SETTINGS).json()["stale"] is True
    plain = ada.get(SETTINGS, **NO_CACHE)
    assert (plain.status_code, plain.json()["code"]) == (503, "provider_unavailable")
    assert vapi.asked == []


def test_while_the_breaker_is_open_even_a_young_copy_is_said_to_be_stale(ada, vapi):
    ada.get(SETTINGS)
    vapi.fail()
    for _ in range(3):
        assert ada.get(SETTINGS, **NO_CACHE).status_code == 502
    answer = ada.get(SETTINGS).json()
    assert (answer.get("stale"), "as_of" in answer) == (True, True), answer


def test_a_copy_a_day_old_is_forgotten(ada, vapi, expire):
    ada.get(SETTINGS)
    expire(24 * 3600)
    vapi.fail()
    assert ada.get(SETTINGS).status_code == 502


def test_after_the_outage_copies_are_fresh_again(ada, vapi, expire):
    ada.get(SETTINGS)
    expire()
    vapi.fail(count=1)
    ada.get(SETTINGS)
    answer = ada.get(SETTINGS)
    assert "stale" not in answer.json()
    assert answer["Age"] == "0"


class TestARefusedKey:
    def test_it_is_never_papered_over_with_a_copy(self, ada, vapi, expire):
        ada.get(SETTINGS)
        expire()
        vapi.fail(status=401)
        answer = ada.get(SETTINGS)
        assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)
        assert answer["WWW-Authenticate"] == 'Vapi realm="provider"'
        assert answer.json()["code"] == "provider_auth_failed"

    def test_it_drops_the_copies(self, ada, vapi):
        ada.get(SETTINGS)
        vapi.fail(status=401, count=1)
        assert ada.get(SETTINGS, **NO_CACHE).status_code == 401
        vapi.fail()
        assert ada.get(SETTINGS).status_code == 502

    def test_fifty_in_a_row_never_open_the_breaker(self, ada, user, vapi):
        store_key(user, api_key="vapi-wrong-key-0000")
        for _ in range(50):
            answer = ada.get(SETTINGS)
            assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)
        assert len(vapi.asked) == 50

    def test_another_key_sees_nothing_of_the_old_ones_copies(self, ada, user, vapi):
        ada.get(SETTINGS)
        store_key(user, api_key="vapi-wrong-key-0000")
        assert ada.get(SETTINGS).status_code == 401
        vapi.fail()
        assert ada.get(SETTINGS).status_code == 502


def test_an_assistant_deleted_at_vapi_is_not_served_from_a_copy(ada, vapi, expire):
    address = f"{SETTINGS}?assistant_id={ASSISTANT}"
    ada.get(address)
    vapi.sandbox.vapi._assistants.delete(ASSISTANT)
    assert ada.get(address, **NO_CACHE).status_code == 404
    vapi.fail()
    assert ada.get(address).status_code == 502


def test_history_is_there_while_vapi_is_not(ada, put, vapi, redis):
    put("temperature", 1.1)
    reads.forget()
    if redis:
        redis.flush()
    vapi.fail(match="GET /")
    address = f"{SETTINGS}/temperature/history"
    answer = ada.get(address, {"assistant_id": ASSISTANT})
    assert [row["after"] for row in answer.json()["results"]] == [1.1, 0.7]
    assert ada.get(address).status_code == 502
    unknown = ada.get(address, {"assistant_id": "11111111-2222-4333-8444-555555555555"})
    assert unknown.status_code == 502
