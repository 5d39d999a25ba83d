"""The room Mail: a mail that bounces, from its preview to the next one, which is refused."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests import browser
from tests.console.person import MOST_MS, Desk, found_by_axe
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)

BOUNCES = "bounced@resend.dev"
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}
ROOMS = ("/mail", "/mail/new", "/mail/templates", "/mail/templates/call_summary",
         "/mail/suppressions", "/mail/summaries")  # fmt: skip


@pytest.fixture(scope="module")
def ava(ava: RunningAva) -> RunningAva:
    """AVA with an account at Resend whose events come to it."""
    stored = ava.login().call("PUT", "/integrations/resend/credentials", json=RESEND).json()
    hook = {"endpoint": stored["webhook_url"], "events": ["email.delivered", "email.bounced"]}
    made = requests.post(
        f"{ava.sandbox.removesuffix('/_sandbox')}/resend/webhooks",
        json=hook,
        headers={"Authorization": "Bearer re_demo"},
        timeout=10,
    )
    secret = {"webhook_secret": made.json()["signing_secret"]}
    ava.call("PUT", "/integrations/resend/credentials", json={**RESEND, **secret})
    return ava


def write(page: Page, to: str) -> None:
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("Text", exact=True).last.fill("Your table is ready.")


def test_a_mail_bounces_and_the_next_one_is_refused(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/mail")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/mail/new$"))
    write(page, BOUNCES)
    page.get_by_label("Heading").fill("Table for two")
    expect(page.locator("#preview")).to_contain_text("Subject Table for two")
    shown = page.frame_locator("#preview iframe")
    expect(shown.get_by_role("heading", name="Table for two")).to_be_visible()
    expect(shown.get_by_text("Your table is ready.")).to_be_visible()
    page.get_by_role("button", name="Send mail").click()
    page.wait_for_url(re.compile(r"/mail/[0-9a-f-]{36}$"))
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Mail sent.")
    expect(page.locator("#live")).to_contain_text("This mail bounced")
    page.get_by_role("link", name="See it among the suppressions").click()
    expect(page.get_by_role("row", name=BOUNCES)).to_contain_text("Mail to it bounced for good")
    page.goto("/mail/new")
    write(page, BOUNCES)
    page.get_by_role("button", name="Send mail").click()
    expect(page.get_by_role("alert")).to_contain_text(
        f"{BOUNCES} gets no mail: mail to it bounced for good."
    )
    expect(page.get_by_label("To", exact=True)).to_have_value(BOUNCES)
    page.goto("/mail/suppressions")
    page.get_by_role("button", name=f"Allow mail to {BOUNCES}").click()
    notices = page.get_by_role("region", name="Notices")
    expect(notices).to_contain_text(f"{BOUNCES} gets mail again.")
    notices.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name=BOUNCES)).to_contain_text("Mail to it bounced for good")
    # The browser says of every 4xx that it "failed to load".
    assert all("422" in complaint for complaint in desk.complaints)
    desk.complaints.clear()


def test_another_template_brings_its_fields_and_keeps_the_rest(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/mail/new")
    write(page, "grace@example.org")
    page.get_by_label("Alarm").check()
    expect(page.get_by_label("What it is")).to_be_visible()
    expect(page.get_by_label("To", exact=True)).to_have_value("grace@example.org")
    expect(page.get_by_label("Alarm")).to_be_focused()
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))


def test_without_scripts_a_mail_is_looked_at_and_sent(desk: Desk) -> None:
    page = desk.logged_in(scripts=False)
    page.goto("/mail/new")
    write(page, "grace@example.org")
    page.get_by_role("button", name="Show preview").click()
    frame = page.frame_locator("#preview iframe")
    expect(frame.get_by_text("Your table is ready.")).to_be_visible()
    page.get_by_role("button", name="Send mail").click()
    expect(page.get_by_text("Mail sent.")).to_be_visible()
    page.get_by_role("link", name="Mail").last.click()
    expect(page.get_by_role("link", name="grace@example.org").first).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(
    desk: Desk, dark: bool, width: int
) -> None:
    page = desk.logged_in(dark=dark, width=width)
    page.goto("/mail/new")
    write(page, "grace@example.org")
    page.get_by_role("button", name="Send mail").click()
    page.wait_for_url(re.compile(r"/mail/[0-9a-f-]{36}$"))
    found = []
    for address in (page.url, *ROOMS):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
        found += [f"{address}: {each}" for each in found_by_axe(page)]
    page.goto("/mail")
    page.get_by_role("link", name="grace@example.org").first.click()
    expect(page.get_by_role("dialog", name="Details").locator("#live")).to_be_visible()
    found += found_by_axe(page)
    assert not found, "\n".join(found)
