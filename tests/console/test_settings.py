"""The rooms Settings and Activity: a key is stored and verified, a story found by its ID."""

import re

import pytest
from playwright.sync_api import expect

from tests import browser
from tests.console.person import MOST_MS, Desk, found_by_axe
from tests.server import PASSWORD, RunningAva

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)


def test_a_key_is_stored_verified_and_deleted(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/settings")
    page.get_by_role("link", name="SMTP").click()
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill("2525")
    page.get_by_label("Security").select_option("none")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill("not the right one")
    page.get_by_label("Sender's address").fill("ada@example.com")
    page.get_by_role("button", name="Store keys").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("SMTP's keys are stored.")
    page.get_by_role("button", name="Verify now").click()
    expect(page.locator("#verdict .banner")).to_contain_text("SMTP")
    page.get_by_role("link", name="Delete keys").click()
    expect(page.get_by_text("Mails no longer go out through your mail server.")).to_be_visible()
    page.get_by_label("Type SMTP to go on").fill("SMTP")
    page.get_by_role("button", name="Delete SMTP keys").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text(
        "Your SMTP keys are deleted."
    )


def test_a_token_is_made_and_what_it_asked_is_found_by_its_id(desk: Desk, ava: RunningAva) -> None:
    page = desk.logged_in()
    page.goto("/settings/tokens")
    page.get_by_label("Name").fill("n8n")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Make token").click()
    token = page.locator("#made").inner_text()
    asked = page.request.get(
        "/api/v1/twilio/calls?status=nothing",
        headers={"Authorization": f"Bearer {token}", "X-Correlation-ID": "by-n8n-1"},
    )
    assert asked.status == 400
    page.goto("/activity")
    page.get_by_role("searchbox", name="Correlation ID").fill("by-n8n-1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/activity/by-n8n-1$"))
    expect(page.locator("#main")).to_contain_text("Something in the request was not right")
    page.get_by_role("link", name="Activity").last.click()
    page.get_by_role("link", name="/api/v1/twilio/calls").first.click()
    expect(page.get_by_role("dialog", name="Details")).to_contain_text("In order")
    page.goto("/settings/tokens")
    page.get_by_role("link", name="Revoke n8n").click()
    page.get_by_label("Type n8n to go on").fill("n8n")
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("No tokens yet.")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(
    desk: Desk, dark: bool, width: int
) -> None:
    page = desk.logged_in(dark=dark, width=width)
    found = []
    for address in ("/settings", "/settings/keys/vapi", "/settings/keys/twilio", "/settings/tokens",
                    "/activity", "/activity/nothing"):  # fmt: skip
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
        found += [f"{address}: {each}" for each in found_by_axe(page)]
    assert not found, "\n".join(found)
