"""The room Assistants while Vapi fails, or nothing is set up yet."""

import re
from typing import Any

import pytest
from django.test import Client

from ava.cache.tests.reading import later
from vapi_settings.conftest import ASSISTANT, store_key
from vapi_settings.tests.room import ROOM, ROW, SPEED, post, tag, text


@pytest.fixture
def ada(browser: Client, user: Any, vapi: Any) -> Client:
    """The browser of a user with a Vapi key, who has seen the room once."""
    store_key(user)
    assert browser.get(ROOM).status_code == 200
    return browser


def test_an_outage_leaves_the_last_values_disabled_with_their_age(ada, vapi, monkeypatch) -> None:
    later(monkeypatch, 400)
    vapi.fail(status=500)
    page = text(ada.get(ROOM))
    assert "Vapi cannot be reached right now" in page
    for control in re.findall(r"<input[^>]*data-pair[^>]*>|<button[^>]*>Review", page):
        assert "disabled" in control
    assert 'hx-trigger="due, every 5s"' in page


def test_an_outage_before_the_first_look_is_a_sentence_with_its_id(browser, user, vapi) -> None:
    store_key(user)
    vapi.fail(status=500)
    answer = browser.get(ROOM)
    assert "Connection to Vapi failed. Please try again later." in text(answer)
    assert answer["X-Correlation-ID"] in text(answer)
    vapi.works_again()
    headers = {"HX-Request": "true", "HX-Target": "settings"}
    assert "Voice speed" in text(browser.get(ROOM, headers=headers))


def test_a_save_that_fails_keeps_what_was_typed(ada: Client, vapi: Any) -> None:
    seen = tag(ada)
    vapi.fail(match="GET /assistant", status=500)
    answer = post(ada, value="0.9", step="save", if_match=seen)
    assert answer.status_code == 502
    assert 'name="value" value="0.9"' in text(answer)
    assert answer["X-Correlation-ID"] in text(answer)
    part = post(ada, value="0.9", step="save", if_match=seen, headers=ROW)
    assert "Connection to Vapi failed" in part["HX-Trigger"]


@pytest.mark.parametrize("headers", [{}, ROW], ids=["page", "fragment"])
def test_a_lost_answer_is_said_and_the_row_finds_out_by_itself(ada, vapi, headers) -> None:
    seen = tag(ada)
    vapi.fail(kind="reset", match="PATCH /assistant", when="after", count=1)
    vapi.sandbox.faults.add("vapi", "slow", match="GET /assistant", count=1)
    vapi.fail()
    answer = post(ada, value="0.9", step="save", if_match=seen, headers=headers)
    said = answer.headers.get("HX-Trigger") or text(ada.get(answer["Location"]))
    assert "Vapi has not answered yet. AVA is checking what it kept." in said
    vapi.works_again()
    row = text(ada.get(SPEED, {"assistant_id": ASSISTANT}, headers=ROW))
    assert 'value="0.9"' in row
    assert "AVA is checking" not in row


def test_without_a_key_the_next_step_is_to_connect_vapi(browser: Client) -> None:
    page = text(browser.get(ROOM))
    assert "No settings configured" in page
    assert "Vapi credentials not configured. Add them in Settings." in page


def test_without_an_assistant_the_next_step_is_vapis_dashboard(browser, user, vapi) -> None:
    store_key(user)
    vapi.sandbox.vapi._assistants._resources.clear()
    page = text(browser.get(ROOM))
    assert "No settings configured" in page
    assert "Open Vapi&#x27;s dashboard" in page or "Open Vapi's dashboard" in page
