"""A change whose answer never came: what AVA says, and what Vapi did."""

import itertools
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from ava.cache import recent
from vapi_settings import services
from vapi_settings.conftest import ASSISTANT, NO_CACHE, SETTINGS
from vapi_settings.errors import EditInProgress
from vapi_settings.models import AccountGeneration, AssistantLease, Revision

LOST = {
    "an error": {"kind": "status", "status": 500},
    "silence": {"kind": "hang"},
    "a reset": {"kind": "reset"},
    "garbage": {"kind": "garbage"},
}
PATCH = "PATCH /assistant"
GET = "GET /assistant"


def status_of(key):
    return Revision.objects.filter(key=key).latest("number").status


@pytest.mark.parametrize("failure", LOST)
def test_a_change_that_landed_is_a_success(put, vapi, history, failure):
    vapi.fail(match=PATCH, when="after", count=1, **LOST[failure])
    answer = put("temperature", 1.1)
    assert (answer.status_code, answer.json()["setting"]["value"]) == (200, 1.1)
    assert vapi.document()["model"]["temperature"] == 1.1
    assert len(vapi.patches) == 1
    assert [row["source"] for row in history("temperature")] == ["api", "found"]


@pytest.mark.parametrize("status", [400, 404, 409, 429])
def test_a_refusal_after_the_work_leaves_no_copy_that_is_wrong(put, vapi, value_of, status):
    assert value_of("temperature") == 0.7
    vapi.fail("status", match=PATCH, status=status, when="after", count=1)
    assert put("temperature", 1.1).status_code in (400, 404, 409, 429)
    assert vapi.document()["model"]["temperature"] == 1.1
    assert value_of("temperature") == 1.1


@pytest.mark.parametrize("failure", LOST)
def test_a_change_that_did_not_land_is_the_502_sentence(put, vapi, history, failure):
    vapi.fail(match=PATCH, when="before", count=1, **LOST[failure])
    answer = put("temperature", 1.1)
    assert answer.status_code == 502
    assert answer.json()["detail"] == "Connection to Vapi failed. Please try again later."
    assert answer.json()["code"] == "provider_unreachable"
    assert vapi.document()["model"]["temperature"] == 0.7
    assert len(vapi.patches) == 1
    assert [row["source"] for row in history("temperature")] == ["found"]
    assert status_of("temperature") == "lost"


@pytest.mark.parametrize("failure", LOST)
@pytest.mark.parametrize(("when", "lands"), [("before", False), ("after", True)])
def test_what_cannot_be_read_back_is_unknown_until_the_next_read(
    put, vapi, value_of, history, failure, when, lands
):
    value_of("temperature")
    vapi.fail(match=PATCH, when=when, count=1, **LOST[failure])
    vapi.sandbox.faults.add("vapi", "slow", match=GET, count=1)
    vapi.fail(match=GET, count=1)
    answer = put("temperature", 1.1)
    assert (answer.status_code, answer.json()["code"]) == (502, "write_unconfirmed")
    assert answer.json()["detail"].startswith("Connection to Vapi failed.")
    assert status_of("temperature") == "unknown"
    vapi.works_again()
    assert value_of("temperature") == (1.1 if lands else 0.7)
    assert status_of("temperature") == ("confirmed" if lands else "lost")
    assert [row["source"] for row in history("temperature")] == (
        ["api", "found"] if lands else ["found"]
    )


def test_an_unknown_change_is_shown_as_such_and_blocks_nobody(put, vapi, value_of, ada):
    value_of("temperature")
    vapi.fail(match=PATCH, count=1)
    vapi.sandbox.faults.add("vapi", "slow", match=GET, count=1)
    vapi.fail(match=GET)
    put("temperature", 1.1)
    stale = ada.get(f"{SETTINGS}/temperature").json()
    assert (stale["stale"], stale["setting"]["value"]) == (True, 0.7)
    rows = ada.get(f"{SETTINGS}/temperature/history").json()["results"]
    assert [row["status"] for row in rows] == ["unknown", "confirmed"]
    vapi.works_again()
    assert put("temperature", 1.4).status_code == 200
    assert vapi.document()["model"]["temperature"] == 1.4


def test_vapis_own_word_is_enough_when_reading_back_fails(put, vapi, value_of, history):
    value_of("temperature")
    vapi.sandbox.faults.add("vapi", "slow", match=GET, count=1)
    vapi.fail(match=GET, count=1)
    answer = put("temperature", 1.1)
    assert (answer.status_code, answer.json()["setting"]["value"]) == (200, 1.1)
    assert history("temperature")[0]["status"] == "confirmed"


def test_a_change_that_lands_late_is_put_down_to_who_made_it(put, vapi, value_of, history):
    vapi.fail(match=PATCH, count=1, kind="hang")
    assert put("temperature", 1.1).status_code == 502
    # The request was still on its way through Vapi when AVA looked.
    vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
    value_of("temperature", **NO_CACHE)
    newest = history("temperature")[0]
    assert (newest["by"], newest["source"], newest["drift"]) == ("ada", "api", False)


def test_a_refused_change_that_somebody_makes_later_is_still_theirs(put, vapi, value_of, history):
    value_of("temperature")
    vapi.fail(match=PATCH, count=1, status=429)
    assert put("temperature", 1.1).status_code == 429
    vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
    value_of("temperature", **NO_CACHE)
    assert history("temperature")[0]["source"] == "vapi"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 429}, 429),
        ({"status": 401}, 401),
        ({"status": 404}, 404),
        ({"status": 400}, 400),
    ],
)
def test_a_refusal_is_final_and_nothing_is_read_back(put, vapi, fault, status):
    vapi.fail(match=PATCH, count=1, **fault)
    assert put("temperature", 1.1).status_code == status
    assert vapi.asked[-1] == "PATCH /assistant/*"
    assert status_of("temperature") == "failed"


def test_a_value_vapi_accepts_and_does_not_keep_is_an_error(put, vapi, value_of, monkeypatch):
    store = vapi.sandbox.vapi._assistants
    update = store.update
    monkeypatch.setattr(store, "update", lambda key, fields: update(key, {}))
    answer = put("temperature", 1.1)
    assert (answer.status_code, answer.json()["code"]) == (502, "write_not_kept")
    assert value_of("temperature") == 0.7


def test_a_third_value_found_afterwards_leaves_the_change_open(put, vapi, value_of, history):
    value_of("temperature")
    vapi.fail(match=PATCH, count=1, kind="hang")
    vapi.sandbox.faults.add("vapi", "slow", match=GET, count=1)
    vapi.fail(match=GET, count=1)
    put("temperature", 1.1)
    vapi.works_again()
    vapi.change(model={**vapi.document()["model"], "temperature": 0.2})
    assert value_of("temperature") == 0.2
    assert [(row["status"], row["source"], row["after"]) for row in history("temperature")] == [
        ("confirmed", "vapi", 0.2),
        ("superseded", "api", 1.1),
        ("confirmed", "found", 0.7),
    ]


def test_what_changes_beside_the_edit_is_logged_by_name_only(put, vapi, caplog, monkeypatch):
    store = vapi.sandbox.vapi._assistants
    update = store.update

    def clumsy(key, fields):
        return update(key, {**fields, "firstMessage": "top secret greeting"})

    monkeypatch.setattr(store, "update", clumsy)
    assert put("temperature", 1.1).status_code == 200
    (said,) = [r.msg for r in caplog.records if "beside" in str(r.msg)]
    assert said["fields"] == ["firstMessage"]
    assert "top secret" not in str(said)


class TestAProcessThatDied:
    """What kill -9 leaves behind: an open revision and a lease that no process holds."""

    @pytest.fixture
    def die(self, ada, user, value_of, monkeypatch):
        def die(*, lease_seconds):
            value_of("temperature")
            Revision.objects.create(
                owner=user, assistant_id=ASSISTANT, key="temperature", number=2,
                before="0.7", after="1.1", by=user, source="api", status="pending",
            )  # fmt: skip
            AccountGeneration.objects.update(generation="begun")
            until = timezone.now() + timedelta(seconds=lease_seconds)
            AssistantLease.objects.update_or_create(
                pk=ASSISTANT,
                defaults={"holder": "00000000-0000-4000-8000-000000000000", "lease_until": until},
            )
            # It was another process: what this one remembers holds for a second.
            monkeypatch.setattr(recent, "clock", lambda: time.monotonic() + recent.SECONDS)

        return die

    def test_the_next_read_finds_out_that_it_landed(self, vapi, die, value_of, history):
        die(lease_seconds=-1)
        vapi.change(model={**vapi.document()["model"], "temperature": 1.1})
        assert value_of("temperature") == 1.1
        assert [row["status"] for row in history("temperature")] == ["confirmed", "confirmed"]

    def test_the_next_read_finds_out_that_it_did_not(self, vapi, die, value_of, history):
        die(lease_seconds=-1)
        assert value_of("temperature") == 0.7
        assert [row["source"] for row in history("temperature")] == ["found"]

    def test_the_next_change_settles_it_first(self, vapi, die, put, history):
        die(lease_seconds=-1)
        assert put("max_tokens", 300).status_code == 200
        assert status_of("temperature") == "lost"

    def test_while_its_lease_lives_readers_leave_it_alone_and_editors_are_refused(
        self, vapi, die, put, value_of, monkeypatch
    ):
        monkeypatch.setattr(services, "WAIT", services.PAUSE)
        die(lease_seconds=30)
        assert value_of("temperature", **NO_CACHE) == 0.7
        assert status_of("temperature") == "pending"
        answer = put("temperature", 1.3)
        assert (answer.status_code, answer.json()["code"]) == (409, "edit_in_progress")
        assert answer["Retry-After"] == "2"
        assert vapi.patches == []


def test_an_editor_that_stood_still_too_long_sends_nothing(ada, user, vapi):
    moment = timezone.now()
    moments = itertools.chain([moment], itertools.repeat(moment + timedelta(seconds=20)))
    with pytest.raises(EditInProgress):
        services.change_setting(
            user=user, key="temperature", value=1.1, source="api", now=lambda: next(moments)
        )
    assert vapi.patches == []
    assert status_of("temperature") == "failed"
