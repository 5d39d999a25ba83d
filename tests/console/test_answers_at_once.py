"""Every action shows at once that it was taken, however long AVA takes."""

from typing import Final

import pytest
from playwright.sync_api import Page

from tests import browser
from tests.console.person import Desk

pytestmark = [pytest.mark.slow, browser.needed]

# In the task of the action itself: before AVA, or the network, can have answered.
_SEEN: Final = """([selector, act]) => {
  const element = document.querySelector(selector);
  if (act === "change") element.value = element.options[1].value;
  if (act === "click") element.click();
  else element.dispatchEvent(new Event(act, { bubbles: true }));
  const bar = [document.querySelector(".shell"), "::after"], busy = [element, "::before"];
  return [bar, busy].map(one => getComputedStyle(...one).content !== "none");
}"""


def seen(page: Page, selector: str, act: str = "click") -> list[bool]:
    """Whether the page's bar, and the pressed thing itself, show that AVA is at it."""
    found: list[bool] = page.evaluate(_SEEN, [selector, act])
    return found


def test_a_link_a_filter_and_a_button_show_at_once_that_they_were_taken(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/settings/notifications")
    with page.expect_navigation():
        assert seen(page, "main form button[type=submit]")[1]
    page.goto("/calls")
    with page.expect_navigation():
        assert seen(page, "a[data-create]") == [True, True]
    page.goto("/activity")
    assert seen(page, "select[name=kind]", "change")[0]


def test_what_the_page_asks_for_by_itself_shows_nothing(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    assert seen(page, "[hx-trigger*='every ']", "due") == [False, False]
