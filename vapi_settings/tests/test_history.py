"""History of a setting: what became of it, how it is put back, what others changed."""

import pytest

from ava.http import correlation
from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS
from vapi_settings.models import Revision

pytestmark = pytest.mark.database


@pytest.fixture
def revert(ada):
    def revert(key, revision, **headers):
        body = {"revision": revision}
        return ada.post(f"{SETTINGS}/{key}/revert", body, format="json", **headers)

    return revert


def steps(rows):
    return [(row["revision"], row["before"], row["after"], row["source"]) for row in rows]


def test_the_value_first_found_is_the_oldest_entry(put, history):
    put("temperature", 1.1)
    put("temperature", 0.3)
    assert steps(history("temperature")) == [
        (3, 1.1, 0.3, "api"),
        (2, 0.7, 1.1, "api"),
        (1, None, 0.7, "found"),
    ]


def test_an_entry_says_who_when_and_by_which_request(ada, put, history):
    put("temperature", 1.1, HTTP_X_CORRELATION_ID="test-12345")
    newest, oldest = history("temperature")
    assert newest == {
        "revision": 2,
        "before": 0.7,
        "after": 1.1,
        "by": "ada",
        "at": newest["at"],
        "source": "api",
        "correlation_id": "test-12345",
        "status": "confirmed",
        "drift": False,
        "before_exists": True,
        "after_exists": True,
    }
    assert (oldest["by"], oldest["at"]) == (None, "2026-01-05T08:30:00Z")
    changed = ada.get(f"{SETTINGS}/temperature").json()["setting"]
    assert changed["updated_at"] == newest["at"]


def test_history_comes_in_pages(ada, put):
    for number in range(1, 5):
        put("max_tokens", 100 + number)
    page = ada.get(f"{SETTINGS}/max_tokens/history", {"limit": 2}).json()
    assert (page["count"], len(page["results"]), page["previous"]) == (5, 2, None)
    rest = ada.get(page["next"]).json()
    assert [row["revision"] for row in rest["results"]] == [3, 2]


def test_history_of_one_setting_is_not_anothers(put, history):
    put("temperature", 1.1)
    assert steps(history("max_tokens")) == [(1, None, 250, "found")]


@pytest.mark.parametrize("key", ["no_such_key", "No-Key"])
def test_history_of_an_unknown_setting_is_a_404(ada, key):
    answer = ada.get(f"{SETTINGS}/{key}/history")
    assert (answer.status_code, answer.json()["code"]) == (404, "setting_not_found")


def test_a_new_custom_setting_was_first_found_absent(put, history):
    put("my_key", None)
    newest, oldest = history("my_key")
    assert (newest["before_exists"], newest["after_exists"], newest["after"]) == (False, True, None)
    assert (oldest["after_exists"], oldest["source"]) == (False, "found")


class TestRevert:
    def test_it_restores_the_value_after_that_revision(self, put, revert, vapi, history):
        before = vapi.document()
        put("temperature", 1.1)
        put("temperature", 0.3)
        answer = revert("temperature", 2)
        assert answer.status_code == 200
        assert answer.json()["setting"]["value"] == 1.1
        assert vapi.document()["model"] == {**before["model"], "temperature": 1.1}
        assert steps(history("temperature"))[0] == (4, 0.3, 1.1, "revert")

    def test_back_to_what_was_first_found(self, put, revert, vapi):
        before = vapi.document()
        put("greeting_message", "Something else")
        revert("greeting_message", 1)
        assert vapi.document() == {**before, "updatedAt": vapi.document()["updatedAt"]}

    def test_what_vapi_cannot_take_away_is_refused_in_words(self, put, revert, vapi):
        vapi.forget("firstMessage")
        put("greeting_message", "Something")
        vapi.sandbox.clear_requests()
        answer = revert("greeting_message", 1)
        assert (answer.status_code, answer.json()["code"]) == (409, "value_not_removable")
        assert vapi.patches == []
        assert vapi.document()["firstMessage"] == "Something"

    @pytest.mark.parametrize("revision", [True, "1", 1.5, 0, None])
    def test_a_revision_is_a_whole_number(self, put, revert, revision):
        put("temperature", 1.1)
        assert revert("temperature", revision).status_code == 400

    def test_a_custom_setting_that_was_not_there_is_taken_away(self, ada, put, revert, vapi):
        put("my_key", {"a": 1})
        answer = revert("my_key", 1)
        assert (answer.status_code, answer.json()) == (200, {"setting": None})
        assert vapi.document()["metadata"] == {"department": "sales"}
        assert ada.get(f"{SETTINGS}/my_key").status_code == 404
        assert ada.get(f"{SETTINGS}/my_key/history").status_code == 200

    def test_what_was_taken_away_can_be_brought_back(self, put, revert, vapi):
        put("my_key", {"a": 1})
        revert("my_key", 1)
        answer = revert("my_key", 2)
        assert answer.json()["setting"]["value"] == {"a": 1}
        assert vapi.document()["metadata"]["my_key"] == {"a": 1}

    def test_a_nested_standard_setting_that_was_not_there_is_taken_away(self, put, revert, vapi):
        vapi.forget("artifactPlan")
        put("enable_transcription", False)
        setting = revert("enable_transcription", 1).json()["setting"]
        assert (setting["value"], setting["is_set"]) == (True, False)
        assert vapi.document()["artifactPlan"] == {"transcriptPlan": {}}

    def test_a_value_ava_would_not_take_is_put_back_if_it_was_there(self, put, revert, vapi):
        vapi.change(maxDurationSeconds=20_000)
        put("max_call_duration", 600)
        answer = revert("max_call_duration", 1)
        assert answer.status_code == 200
        assert vapi.document()["maxDurationSeconds"] == 20_000

    def test_an_unknown_revision_is_a_404_that_says_which(self, put, revert):
        put("temperature", 1.1)
        answer = revert("temperature", 7)
        assert (answer.status_code, answer.json()["code"]) == (404, "revision_not_found")
        assert answer.json()["detail"] == "There is no revision 7 of temperature."

    def test_the_revision_of_another_setting_does_not_count(self, put, revert):
        for value in (1.1, 1.2, 1.3):
            put("temperature", value)
        assert revert("max_tokens", 3).status_code == 404

    @pytest.mark.parametrize("wrong", [0, -1, "x", None, 1.5, 2**40, [], True])
    def test_a_revision_that_is_no_number_is_refused(self, revert, wrong):
        answer = revert("temperature", wrong)
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["revision"]

    def test_an_unknown_setting_is_a_404(self, revert):
        assert revert("no_such_key", 1).json()["code"] == "setting_not_found"

    def test_it_honours_if_match(self, ada, put, revert, vapi):
        tag = put("temperature", 1.1)["ETag"]
        put("temperature", 0.3)
        answer = revert("temperature", 1, HTTP_IF_MATCH=tag)
        assert answer.status_code == 412
        assert (answer.json()["current"]["value"], answer.json()["requested"]) == (0.3, 0.7)
        assert vapi.document()["model"]["temperature"] == 0.3

    def test_reverting_to_what_is_there_changes_nothing(self, put, revert, vapi, history):
        put("temperature", 1.1)
        vapi.sandbox.clear_requests()
        assert revert("temperature", 2).status_code == 200
        assert vapi.patches == []
        assert len(history("temperature")) == 2

    def test_a_strangers_revisions_are_not_ones_own(self, put, strangers_api, stranger):
        from vapi_settings.conftest import store_key

        put("temperature", 1.1)
        store_key(stranger)
        theirs = strangers_api.get(f"{SETTINGS}/temperature/history").json()["results"]
        assert steps(theirs) == [(1, None, 1.1, "found")]
        body = {"revision": 2}
        answer = strangers_api.post(f"{SETTINGS}/temperature/revert", body, format="json")
        assert answer.status_code == 404


class TestDrift:
    def test_a_change_in_the_dashboard_is_an_entry_by_nobody(self, ada, vapi, value_of, history):
        value_of("temperature")
        vapi.change(model={**vapi.document()["model"], "temperature": 0.1})
        value_of("temperature", **NO_CACHE)
        newest = history("temperature")[0]
        assert (newest["before"], newest["after"]) == (0.7, 0.1)
        assert (newest["source"], newest["by"], newest["drift"]) == ("vapi", None, True)

    def test_it_is_written_down_once(self, vapi, value_of, history):
        value_of("temperature")
        vapi.change(firstMessage="From the dashboard")
        for _ in range(3):
            value_of("temperature", **NO_CACHE)
        assert [row["source"] for row in history("greeting_message")] == ["vapi", "found"]

    def test_custom_settings_that_come_and_go_outside_are_recorded(self, vapi, value_of, history):
        value_of("department")
        vapi.change(metadata={"tier": 2})
        value_of("temperature", **NO_CACHE)
        assert steps(history("tier")) == [(2, None, 2, "vapi"), (1, None, None, "found")]
        gone = history("department")[0]
        assert (gone["before"], gone["after_exists"], gone["source"]) == ("sales", False, "vapi")

    def test_what_a_change_finds_comes_before_it(self, put, vapi, value_of, history):
        value_of("temperature")
        vapi.change(model={**vapi.document()["model"], "temperature": 0.1})
        put("temperature", 0.9)
        assert steps(history("temperature")) == [
            (3, 0.1, 0.9, "api"),
            (2, 0.7, 0.1, "vapi"),
            (1, None, 0.7, "found"),
        ]

    def test_a_change_from_outside_can_be_reverted(self, ada, vapi, value_of, history):
        value_of("temperature")
        vapi.change(model={**vapi.document()["model"], "temperature": 0.1})
        value_of("temperature", **NO_CACHE)
        body = {"revision": 1}
        ada.post(f"{SETTINGS}/temperature/revert", body, format="json")
        assert vapi.document()["model"]["temperature"] == 0.7

    def test_a_number_written_another_way_is_no_drift(self, vapi, value_of, history):
        value_of("voice_speed")
        vapi.plant(voice={**vapi.document()["voice"], "speed": 1})
        value_of("voice_speed", **NO_CACHE)
        assert len(history("voice_speed")) == 1


def test_revisions_carry_the_id_of_the_request_that_caused_them(put, vapi):
    put("temperature", 1.1, HTTP_X_CORRELATION_ID="the-cause")
    assert Revision.objects.get(source="api").correlation_id == "the-cause"
    ids = {seen.headers[correlation.HEADER.lower()] for seen in vapi.sandbox.requests("vapi")}
    assert ids == {"the-cause"}


def test_history_of_several_assistants_is_kept_apart(ada, vapi):
    other = vapi.sandbox.vapi.add_assistant(
        name="Night shift", model={"provider": "openai", "model": "gpt-4o", "temperature": 0.4}
    )["id"]
    address = f"{SETTINGS}/temperature"
    ada.put(f"{address}?assistant_id={other}", {"value": 0.5}, format="json")
    ada.put(f"{address}?assistant_id={ASSISTANT}", {"value": 0.6}, format="json")
    rows = ada.get(f"{address}/history", {"assistant_id": other}).json()["results"]
    assert steps(rows) == [(2, 0.4, 0.5, "api"), (1, None, 0.4, "found")]
