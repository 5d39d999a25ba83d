"""The booking tool in the room Calendar: its settings, its JSON, and the tools in an assistant."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from vapi_settings.booking import services
from vapi_settings.conftest import ASSISTANT, Dashboard, store_key
from vapi_settings.tests.hooking import SECRET

pytestmark = pytest.mark.django_db(transaction=True)

ROOM = "/calendar/booking-tool"
FRAGMENT = {"HX-Request": "true", "HX-Target": "installation"}
FORM = {
    "calendar": "google",
    "title": "Check-up",
    "duration": "45",
    "working_hours": "mon-thu 08:00-12:00",
    "time_zone": "Europe/Berlin",
    "days_ahead": "7",
    "notice": "120",
}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def names(vapi: Dashboard) -> list[str]:
    tools = vapi.document()["model"].get("tools", [])
    return [tool["function"]["name"] for tool in tools if "function" in tool]


@pytest.fixture
def browser_(browser: Client, user: User, vapi: Dashboard, settings: Any) -> Client:
    """The browser of a user whose Vapi proves itself."""
    settings.PUBLIC_URL = "https://ava.example"
    store_key(user, webhook_secret=SECRET)
    return browser


def test_the_page_is_there_before_vapi_is_asked(browser_: Client, vapi: Dashboard) -> None:
    page = text(browser_.get(ROOM))
    assert "find_free_slots" in page
    assert "Google Calendar is not connected" in page
    assert 'hx-trigger="load"' in page
    assert vapi.asked == []


def test_settings_are_stored_and_what_is_wrong_is_said(browser_: Client, user: User) -> None:
    assert browser_.post(ROOM, FORM).status_code == 302
    assert services.settings_of(user).duration == 45
    answer = browser_.post(ROOM, {**FORM, "duration": "1", "working_hours": "always"})
    assert answer.status_code == 422
    assert "Write working hours such as" in text(answer)
    assert services.settings_of(user).duration == 45


@pytest.mark.parametrize("headers", [FRAGMENT, {}], ids=["fragment", "page"])
def test_what_an_assistant_has_and_what_will_change_is_told_in_words(
    browser_: Client, headers: dict[str, str]
) -> None:
    page = text(browser_.get(f"{ROOM}?whole=1", headers=headers))
    assert "not installed" in page
    assert "30 minutes each" in page
    assert "Install in Front desk" in page
    assert ("<html" in page) is not headers


def test_the_tools_are_installed_become_outdated_and_are_removed(
    browser_: Client, vapi: Dashboard
) -> None:
    form = {"assistant_id": ASSISTANT}
    done = text(browser_.post(f"{ROOM}/install", form, follow=True))
    assert "Front desk books appointments now." in done
    assert "book_slot" in names(vapi)
    browser_.post(ROOM, FORM)
    assert "Install again" in text(browser_.get(ROOM, headers=FRAGMENT))
    # As a toast's Undo does: all that it needs is in its address.
    browser_.post(f"{ROOM}/remove?assistant_id={ASSISTANT}")
    assert "book_slot" not in names(vapi)


def test_without_a_webhook_secret_the_step_before_is_named(
    browser: Client, user: User, vapi: Dashboard
) -> None:
    store_key(user)
    page = text(browser.get(ROOM, headers=FRAGMENT))
    assert "store a webhook secret" in page
    assert 'href="/settings/keys/vapi"' in page
    answer = browser.post(f"{ROOM}/install", {"assistant_id": ASSISTANT})
    assert answer.status_code == 409
    assert "Nothing was changed in the assistant" in text(answer)
    assert "book_slot" not in names(vapi)


def test_without_vapi_the_page_stays_and_says_so(browser_: Client, vapi: Dashboard) -> None:
    vapi.fail(status=503)
    answer = browser_.get(ROOM, headers=FRAGMENT)
    assert answer.status_code == 200
    assert "What the assistant has is not known now" in text(answer)
