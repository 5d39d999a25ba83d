"""The room Assistants: settings as people see and change them, with scripts and without."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ava.cache.tests.reading import later
from vapi_settings.conftest import ASSISTANT, store_key
from vapi_settings.models import Revision
from vapi_settings.tests.room import ROOM, ROW, SPEED, TAG, post, tag, text

UNDO = re.compile(r'action="(/vapi/[^"]*revert[^"]*)"')


@pytest.fixture
def ada(browser: Client, user: Any, vapi: Any) -> Client:
    """The browser of a user with a Vapi key, who has seen the room once."""
    store_key(user)
    assert browser.get(ROOM).status_code == 200
    return browser


def speed(vapi: Any) -> Any:
    return vapi.document()["voice"]["speed"]


def test_each_setting_has_an_editor_that_fits_and_says_what_it_takes(ada: Client) -> None:
    page = text(ada.get(ROOM))
    assert page.count('type="range"') == 4
    assert 'role="switch" name="value"' in page
    assert 'data-most="200"' in page
    assert "A number from 0.7 to 1.2." in page  # of this assistant's voice
    assert "1 to 200 characters." in page


def test_the_search_goes_by_name_description_and_value(ada: Client) -> None:
    for wanted in ("voice speed", "how fast", "VOICE_SPEED"):
        page = text(ada.get(ROOM, {"search": wanted}))
        assert page.count('class="card setting"') == 1
        assert "setting-voice_speed" in page
    assert "Nothing fits this search" in text(ada.get(ROOM, {"search": "nowhere"}))


def test_a_search_with_scripts_is_the_same_list_alone(ada: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "settings"}
    part = text(ada.get(ROOM, {"search": "how fast"}, headers=headers))
    assert "<html" not in part
    assert part.count('class="card setting"') == 1


@pytest.mark.parametrize("headers", [{}, ROW], ids=["page", "fragment"])
def test_a_change_is_reviewed_before_it_is_saved(ada: Client, vapi: Any, headers: Any) -> None:
    before = speed(vapi)
    page = text(post(ada, value="0.9", if_match=tag(ada), headers=headers))
    assert f'<span class="value">{before}</span>' in page
    assert '<span class="value">0.9</span>' in page
    assert "Save change" in page
    assert ("<html" in page) is not headers
    assert vapi.patches == []


def test_a_saved_change_is_said_and_can_be_undone(ada: Client, vapi: Any) -> None:
    before = speed(vapi)
    saved = post(ada, value="0.9", step="save", if_match=tag(ada))
    assert saved["Location"] == f"/vapi?assistant_id={ASSISTANT}#setting-voice_speed"
    assert speed(vapi) == 0.9
    page = text(ada.get(saved["Location"]))
    assert "Voice speed is 0.9 now." in page
    undo = UNDO.search(page)
    assert undo
    back = ada.post(undo[1].replace("&amp;", "&"))
    assert speed(vapi) == before
    assert f"Voice speed is {before} now." in text(ada.get(back["Location"]))


def test_with_scripts_the_row_is_answered_and_the_toast_beside_it(ada: Client, vapi: Any) -> None:
    answer = post(ada, value="0.9", step="save", if_match=tag(ada), headers=ROW)
    [toast] = json.loads(answer["HX-Trigger"])["toast"]["items"]
    assert toast["text"] == "Voice speed is 0.9 now."
    assert toast["undo"].startswith("/vapi/voice_speed/revert?")
    assert "<html" not in text(answer)
    assert "is-fresh" in text(answer)
    assert Revision.objects.latest("id").source == Revision.Source.CONSOLE


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("voice_speed", "5", "Voice speed must be between 0.7 and 1.2."),
        ("voice_speed", "", "Voice speed must be a number."),
        ("max_tokens", "nan", "Max tokens must be a whole number."),
        ("greeting_message", "", "Greeting message must have 1 to 200 characters; this has 0."),
        ("own", '{\n"a": 1,\n"b" 2}', "Line 3: this is not JSON yet."),
    ],
)
@pytest.mark.parametrize("step", ["", "save"])
def test_what_does_not_fit_is_said_at_the_field(ada, vapi, key, value, sentence, step) -> None:
    answer = post(ada, f"/vapi/{key}", value=value, step=step)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert vapi.patches == []


def test_the_value_it_has_already_is_no_change(ada: Client, vapi: Any) -> None:
    answer = post(ada, value=str(speed(vapi)))
    assert "That is the value it has already." in text(answer)


@pytest.mark.parametrize("headers", [{}, ROW], ids=["page", "fragment"])
def test_a_conflict_shows_both_values_and_either_can_be_taken(ada, vapi, headers) -> None:
    seen = tag(ada)
    vapi.change(voice={**vapi.document()["voice"], "speed": 1.1})
    answer = post(ada, value="0.9", step="save", if_match=seen, headers=headers)
    assert answer.status_code == 422
    page = text(answer)
    assert '<p class="clash-value">1.1</p>' in page
    assert '<p class="clash-value">0.9</p>' in page
    assert "Somebody was faster" in page
    assert speed(vapi) == 1.1
    theirs = f'"{TAG.search(page[page.index("Yours") - 900 :])[1]}"'
    post(ada, value="0.9", step="save", if_match=theirs, headers=headers)
    assert speed(vapi) == 0.9


def test_an_undo_does_not_undo_what_somebody_else_did_since(ada: Client, vapi: Any) -> None:
    post(ada, value="0.9", step="save", if_match=tag(ada))
    undo = UNDO.search(text(ada.get(ROOM)))
    assert undo
    vapi.change(voice={**vapi.document()["voice"], "speed": 1.1})
    answer = ada.post(undo[1].replace("&amp;", "&"))
    assert answer.status_code == 422
    assert "Somebody was faster" in text(answer)
    assert speed(vapi) == 1.1


@pytest.mark.parametrize("target", ["", "drawer-body"], ids=["page", "drawer"])
def test_the_history_tells_who_and_puts_back(ada: Client, vapi: Any, target: str) -> None:
    before = speed(vapi)
    post(ada, value="0.9", step="save", if_match=tag(ada))
    headers = {"HX-Request": "true", "HX-Target": target} if target else {}
    page = text(ada.get(SPEED, {"assistant_id": ASSISTANT}, headers=headers))
    assert "ada changed it in the console" in page
    assert "Found when AVA first looked" in page
    assert ("<html" in page) is not target
    number = re.search(r'name="revision" value="(\d+)"', page)
    assert number
    post(ada, f"{SPEED}/revert", revision=number[1])
    assert speed(vapi) == before


def test_a_change_from_outside_is_noted(ada: Client, vapi: Any, monkeypatch: Any) -> None:
    vapi.change(firstMessage="Good morning!")
    later(monkeypatch, 400)
    page = text(ada.get(ROOM))
    assert "Changed outside AVA" in page
    assert "Good morning!" in page


def test_a_setting_of_ones_own_is_added_by_review(ada: Client, vapi: Any) -> None:
    page = text(post(ada, ROOM, key="opening", value='{"mon": 9}'))
    assert "Save change" in page
    post(ada, "/vapi/opening", value='{"mon": 9}', step="save")
    assert vapi.document()["metadata"]["opening"] == {"mon": 9}
    assert post(ada, ROOM, key="No Key", value="1").status_code == 422


def test_a_review_has_the_request_of_the_api_to_copy(ada: Client) -> None:
    page = text(post(ada, value="0.9", if_match=tag(ada)))
    assert "curl -X PUT" in page
    assert f"/api/v1/vapi/settings/voice_speed?assistant_id={ASSISTANT}" in page


def test_what_cannot_be_set_says_so_before_one_tries(ada: Client, vapi: Any) -> None:
    vapi.plant(voice={"provider": "cartesia", "voiceId": "x"})
    post(ada, "/vapi/temperature", value="1.1", step="save")
    page = text(ada.get(ROOM))
    sentence = "The speed of this assistant&#x27;s voice cannot be changed: cartesia voices have"
    assert sentence in page
    control = re.search(r'<input[^>]*id="value-voice_speed"[^>]*>', page)
    assert control
    assert "disabled" in control[0]


def test_among_several_assistants_one_is_picked_and_the_picker_stays(browser, user, vapi) -> None:
    store_key(user)
    vapi.sandbox.vapi.add_assistant(name="Night desk")
    page = text(browser.get(ROOM))
    assert "Which assistant?" in page
    picked = re.search(r'href="(/vapi\?assistant_id=[^"]+)">Night desk', page)
    assert picked
    page = text(browser.get(picked[1]))
    assert re.search(r"<option value=[^>]* selected>Night desk", page)
    assert "No settings configured" in page  # it holds none yet


def test_a_default_assistant_that_is_gone_can_be_replaced(browser, user, vapi) -> None:
    store_key(user, default_assistant_id="00000000-0000-4000-8000-000000000000")
    page = text(browser.get(ROOM))
    assert "Your default assistant no longer exists at Vapi." in page
    assert ">Front desk</a>" in page


def test_a_long_history_goes_on_on_older_pages(ada: Client) -> None:
    for number in range(22):
        post(ada, "/vapi/max_tokens", value=str(100 + number), step="save")
    first = text(ada.get("/vapi/max_tokens", {"assistant_id": ASSISTANT}))
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older
    assert "Found when AVA first looked" not in first
    assert "Found when AVA first looked" in text(ada.get(older[1].replace("&amp;", "&")))


def test_an_assistant_that_is_not_ones_own_is_not_found(ada: Client) -> None:
    for address in (ROOM, SPEED):
        assert ada.get(address, {"assistant_id": "someone-elses"}).status_code == 404
    assert ada.get("/vapi/Not-A-Key").status_code == 404


@pytest.mark.parametrize("address", [ROOM, SPEED])
def test_a_page_is_at_most_eight_statements_however_long_the_history(ada, vapi, address) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert ada.get(address, {"assistant_id": ASSISTANT}).status_code == 200
        return len(asked)

    before = statements()
    for each in ("0.8", "0.9", "1.0"):
        post(ada, value=each, step="save")
    ada.get(ROOM)
    assert statements() <= max(before, 8) <= 8


def test_a_key_that_vapi_refuses_leads_to_where_it_is_replaced(ada: Client, user: Any) -> None:
    store_key(user, api_key="a-key-that-ended")
    page = text(ada.get(ROOM))
    assert "Nothing is lost. Enter a new key" in page
    assert 'href="/settings/keys/vapi">Replace key' in page
