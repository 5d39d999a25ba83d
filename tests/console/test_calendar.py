"""The room Calendar: connected by consent, read, written to, and asked to be connected again."""

import pytest
from playwright.sync_api import Page, expect

from tests import browser
from tests.console.person import MOST_MS, Desk, found_by_axe
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)

WEEK = "/calendar?from=2026-12-07"


def connect(page: Page) -> None:
    page.goto("/calendar")
    page.get_by_role("button", name="Connect Google Calendar").first.click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("link", name="Open your calendar").click()


def test_a_calendar_is_connected_by_consent_used_and_asks_to_be_connected_again(
    desk: Desk, ava: RunningAva
) -> None:
    page = desk.logged_in(timezone_id="Europe/Berlin")
    page.goto("/calendar")
    expect(page.get_by_text("These are demo events")).to_be_visible()
    connect(page)
    # The provider's page has no icon.
    desk.complaints[:] = [each for each in desk.complaints if "404" not in each]
    page.goto(WEEK)
    expect(page.get_by_role("link", name="Stand-up")).to_have_count(5)
    expect(page.locator("#agenda")).to_contain_text("09:30")

    page.keyboard.press("c")
    drawer = page.get_by_role("dialog", name="Details")
    drawer.get_by_label("Title").fill("Root canal")
    drawer.get_by_label("Starts on").fill("2026-12-08")
    drawer.get_by_label("At", exact=True).fill("11:00")
    drawer.get_by_label("Until").fill("11:30")
    drawer.get_by_role("button", name="Create event").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("The event is in Google")
    expect(page.get_by_role("link", name="Root canal")).to_be_visible()

    ava.order("oauth", provider="google", do="revoke")
    page.goto(WEEK)
    expect(page.get_by_text("Google Calendar must be connected again")).to_be_visible()
    expect(page.get_by_role("link", name="Root canal")).to_be_visible()
    page.goto(WEEK)
    expect(page.get_by_role("button", name="Reconnect Google Calendar")).to_be_visible()
    ava.order("reset")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(
    desk: Desk, dark: bool, width: int
) -> None:
    page = desk.logged_in(dark=dark, width=width)
    found = []
    for address in (WEEK, "/calendar/events/new", "/calendar/slots", "/calendar/booking-tool",
                    "/calendar/feed"):  # fmt: skip
        page.goto(address, wait_until="networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
        found += [f"{address}: {each}" for each in found_by_axe(page)]
    assert not found, "\n".join(found)


def test_without_scripts_the_week_is_there_all_the_same(desk: Desk) -> None:
    page = desk.logged_in(scripts=False)
    page.goto("/calendar")
    expect(page).to_have_url("/calendar?whole=1")
    expect(page.locator("#agenda .day")).to_have_count(7)
