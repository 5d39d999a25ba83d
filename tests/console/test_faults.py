"""The console while something is wrong: no network, faults that go on, a login that ended."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests import browser
from tests.console.person import MOST_MS, Desk, log_in

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)

PERSON = "+14155550101"
NEWS = re.compile(r"/calls\?shown=")
TEXT = "It took me long to write this."
_HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def notices(page: Page) -> Locator:
    return page.get_by_role("region", name="Notices")


def poll(page: Page) -> None:
    """Ask now, not in five seconds."""
    page.evaluate("document.querySelector('#news').dispatchEvent(new Event('due'))")


def test_who_is_offline_reads_so_and_the_page_goes_on_by_itself(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    page.context.set_offline(True)
    expect(notices(page)).to_contain_text("You are offline.")
    with page.expect_response(NEWS):
        page.context.set_offline(False)
    expect(notices(page)).to_be_empty()
    desk.complaints.clear()


def test_a_page_that_ava_does_not_answer_says_so_until_it_does(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    page.route(NEWS, lambda route: route.abort())
    poll(page)
    expect(notices(page)).to_contain_text("AVA cannot be reached. This page goes on by itself")
    page.unroute(NEWS)
    poll(page)
    expect(notices(page)).to_be_empty()
    desk.complaints.clear()


def test_a_fault_that_goes_on_is_said_once(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    items = [{"text": "Something went wrong.", "kind": "bad", "id": "one-id"}]
    headers = {"HX-Trigger": json.dumps({"toast": {"items": items}})}

    def fail(route: Route) -> None:
        route.fulfill(status=500, headers=headers)

    page.route(NEWS, fail)
    for _ in range(3):
        with page.expect_response(NEWS):
            poll(page)
    expect(notices(page).get_by_text("Something went wrong.")).to_have_count(1)
    desk.complaints.clear()


def test_a_tab_that_nobody_sees_asks_nothing_until_it_is_seen(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(_HIDE, True)
    poll(page)
    # Longer than a poll waits.
    page.wait_for_timeout(6_000)
    assert asked == []
    with page.expect_response(NEWS):
        page.evaluate(_HIDE, False)


def test_what_was_typed_outlives_the_login_and_is_sent_after_the_next_one(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto(f"/messages/with/{PERSON}")
    page.get_by_label("Text").fill(TEXT)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send message").click()
    expect(notices(page)).to_contain_text("You are logged out.")
    expect(page.get_by_label("Text")).to_have_value(TEXT)
    with page.context.expect_page() as opened:
        notices(page).get_by_role("link", name="Log in").click()
    log_in(opened.value, address=opened.value.url)
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#main").get_by_text(TEXT)).to_be_visible()


def test_a_button_is_pressed_once_and_rests_when_the_answer_is_there(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/settings/keys/vapi")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if request.method == "POST" else None
    )
    button = page.get_by_role("button", name="Verify now")
    button.dblclick()
    expect(page.locator("#verdict")).to_contain_text("Vapi answered")
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert len(asked) == 1


def test_places_are_found_by_their_words(desk: Desk) -> None:
    page = desk.logged_in()
    page.keyboard.press("Control+k")
    page.keyboard.type("passw")
    places = page.get_by_role("option")
    expect(places.filter(visible=True)).to_have_text([re.compile("Change password")])
    page.keyboard.type("x")
    expect(places.filter(visible=True)).to_have_count(0)
    expect(page.get_by_text("No place has these words.")).to_be_visible()


@pytest.mark.parametrize("has_clipboard", [True, False], ids=["with a clipboard", "without"])
def test_what_is_copied_can_be_pasted(desk: Desk, has_clipboard: bool) -> None:
    page = desk.logged_in(permissions=["clipboard-read", "clipboard-write"])
    if not has_clipboard:  # as over plain HTTP from another host
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto("/vapi")
    page.get_by_role("button", name="Copy as curl").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    search = page.get_by_role("searchbox")
    search.focus()
    page.keyboard.press("Control+v")
    expect(search).to_have_value(re.compile("^curl .*/api/v1/vapi/settings"))
