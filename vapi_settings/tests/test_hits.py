"""Cached reads: what ends a login, a key or a copy is seen at once, or within a second."""

import time

import pytest
from django.utils import timezone

from ava.accounts.models import Session
from ava.cache import recent
from ava.cache.tests.reading import later
from vapi_settings.conftest import KEY, NO_CACHE, SETTINGS
from vapi_settings.models import AccountGeneration, token

CREDENTIALS = "/api/v1/integrations/vapi/credentials"


@pytest.fixture(params=["memory", "redis"], autouse=True)
def redis(request):
    return request.getfixturevalue("redis") if request.param == "redis" else None


@pytest.fixture
def hit(ada):
    """A client whose list of settings is answered from memory."""
    for _ in range(3):
        assert ada.get(SETTINGS).status_code == 200
    return ada


class Clock:
    """The clock by which a second passes, as the test moves it."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(recent, "clock", lambda: self.now)


@pytest.fixture
def a_second_later(monkeypatch):
    def pass_by():
        monkeypatch.setattr(recent, "clock", lambda: time.monotonic() + recent.SECONDS)

    return pass_by


def temperature(answer):
    return next(one["value"] for one in answer.json()["settings"] if one["key"] == "temperature")


def deactivate(user):
    user.is_active = False
    user.save()


def change_password(user):
    user.set_password("another long password")
    user.save()


class TestInThisProcess:
    def test_a_logout_is_seen_at_once(self, hit):
        assert hit.post("/api/v1/auth/logout").status_code == 204
        assert hit.get(SETTINGS).json()["code"] == "session_ended"

    @pytest.mark.parametrize("change", [deactivate, change_password])
    def test_a_changed_user_is_seen_at_once(self, hit, user, change):
        change(user)
        assert hit.get(SETTINGS).json()["code"] == "session_ended"

    def test_a_replaced_key_is_used_at_once(self, hit):
        changed = hit.put(CREDENTIALS, {"api_key": "vapi-wrong-key-0000"})
        assert changed.status_code == 200, changed.content
        assert hit.get(SETTINGS).json()["code"] == "provider_auth_failed"

    def test_an_edit_is_seen_at_once(self, hit):
        before = hit.get(SETTINGS)
        assert hit.put(f"{SETTINGS}/temperature", {"value": 1.1}).status_code == 200
        after = hit.get(SETTINGS, HTTP_IF_NONE_MATCH=before["ETag"])
        assert (after.status_code, temperature(after)) == (200, 1.1)


class TestElsewhereWithoutRedis:
    """Another process writes, and nothing is heard of it but what the database says."""

    def test_an_ended_login_is_seen_within_a_second(self, hit, a_second_later):
        Session.objects.update(revoked_at=timezone.now(), end=Session.End.LOGOUT)
        a_second_later()
        assert hit.get(SETTINGS).json()["code"] == "session_ended"

    @pytest.mark.parametrize("changes", [{"is_active": False}, {"password": "!"}])
    def test_a_changed_user_is_seen_within_a_second(self, hit, user, a_second_later, changes):
        type(user).objects.update(**changes)
        a_second_later()
        assert hit.get(SETTINGS).json()["code"] == "session_ended"

    def test_a_new_generation_is_seen_within_a_second(self, hit, vapi, a_second_later):
        vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
        AccountGeneration.objects.update(generation=token())
        a_second_later()
        assert temperature(hit.get(SETTINGS)) == 1.1


class TestTheAnswer:
    def test_it_is_that_of_a_miss_byte_for_byte(self, ada):
        miss, hits = ada.get(SETTINGS), [ada.get(SETTINGS) for _ in range(2)]
        for hit in hits:
            assert hit.content == miss.content
            assert {**hit.headers, "X-Correlation-ID": ""}.keys() == miss.headers.keys()
            for name in ("ETag", "Age", "Vary", "Cache-Control", "Content-Type", "Allow"):
                assert hit[name] == miss[name], name

    def test_a_caller_that_has_it_gets_304(self, hit):
        tag = hit.get(SETTINGS)["ETag"]
        answer = hit.get(SETTINGS, HTTP_IF_NONE_MATCH=f"W/{tag}")
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)

    def test_its_age_grows(self, hit, monkeypatch):
        later(monkeypatch, 100)
        assert 100 <= int(hit.get(SETTINGS)["Age"]) < 120

    def test_it_ends_with_the_copy(self, hit, vapi, monkeypatch):
        vapi.sandbox.clear_requests()
        later(monkeypatch, 300)
        hit.get(SETTINGS)
        assert vapi.asked

    def test_no_cache_goes_to_vapi(self, hit, vapi):
        vapi.sandbox.clear_requests()
        hit.get(SETTINGS, **NO_CACHE)
        assert vapi.asked == ["GET /assistant"]

    def test_a_caller_beyond_the_limit_is_refused(self, hit, settings):
        settings.RATE_LIMIT_PER_MINUTE = 3
        assert hit.get(SETTINGS).status_code == 429


def test_a_hit_asks_redis_once(hit, redis):
    if redis is None:
        pytest.skip("without Redis")

    def scripts():
        return redis.client.info("commandstats")["cmdstat_evalsha"]["calls"]

    before = scripts()
    assert hit.get(SETTINGS).status_code == 200
    assert scripts() == before + 1


def test_what_the_operator_takes_away_is_gone_at_once(api, vapi, settings):
    settings.OPERATOR_CREDENTIALS = {"AVA_API_VAPI_API_KEY": KEY}
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    for _ in range(3):
        assert api.get(SETTINGS).status_code == 200
    settings.OPERATOR_CREDENTIALS = {}
    assert api.get(SETTINGS).json()["code"] == "credentials_missing"


def test_what_is_remembered_is_never_older_than_a_second(ada, vapi, monkeypatch):
    """Not even where one thing that is remembered was made of another."""
    clock = Clock(monkeypatch)
    ada.get(SETTINGS, {"search": "t"})
    clock.now = 0.6
    ada.get(SETTINGS)
    vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
    AccountGeneration.objects.update(generation=token())
    clock.now = 1.0
    assert temperature(ada.get(SETTINGS)) == 1.1


def test_another_only_assistant_is_answered_as_soon_as_the_list_shows_it(ada, vapi):
    ada.get(SETTINGS)
    # The copies of the edit's own generation: the list is none of them.
    assert ada.put(f"{SETTINGS}/temperature", {"value": 1.1}, format="json").status_code == 200
    ada.get(SETTINGS)
    vapi.sandbox.vapi.add_assistant(name="Another")
    assert ada.get("/api/v1/vapi/assistants").json()["count"] == 2
    assert ada.get(SETTINGS).json()["code"] == "assistant_ambiguous"


def test_a_reload_that_finds_the_same_answers_the_same_and_one_that_does_not_the_new(hit, vapi):
    before = hit.get(SETTINGS)
    again = hit.get(SETTINGS, **NO_CACHE)
    assert (again.content, again["ETag"], again["Age"]) == (before.content, before["ETag"], "0")
    assert hit.get(SETTINGS, **NO_CACHE, HTTP_IF_NONE_MATCH=before["ETag"]).status_code == 304
    vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
    after = hit.get(SETTINGS, **NO_CACHE)
    assert temperature(after) == 1.1
    assert after["ETag"] != before["ETag"]
