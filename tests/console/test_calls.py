"""The rooms Calls and Messages: a call to its end, a list that stays, a message that arrives."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import browser
from tests.console.person import MOST_MS, Desk, found_by_axe
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)

PERSON, OURS = "+1 415 555 0123", "+15005550006"
SHOWN = "+1 415-555-0123"
LONG = "Your table is ready. " * 20


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label("Number", exact=True).fill(PERSON)
    page.get_by_label(label).fill(text)
    page.get_by_label("From").fill(OURS)


def place(page: Page, text: str) -> None:
    """From the list, by the form in the drawer."""
    page.goto("/calls")
    page.keyboard.press("c")
    expect(page.get_by_label("Number", exact=True)).to_be_focused()
    fill(page, "What to say", text)
    page.locator("#sheet").get_by_role("button", name="Place call").click()
    page.wait_for_url(re.compile(r"/calls/[0-9a-f-]{36}$"))


def test_a_call_is_placed_and_seen_to_its_end(desk: Desk) -> None:
    page = desk.logged_in()
    place(page, "Your table is ready.")
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Call successfully placed!")
    expect(page.locator("#live .timeline")).to_contain_text("Completed")
    expect(page.get_by_role("button", name="Hang up")).to_be_hidden()
    expect(page.get_by_text("Your table is ready.")).to_be_visible()
    page.get_by_role("link", name="Calls").last.click()
    page.get_by_role("link", name=SHOWN).first.click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer.get_by_text("Your table is ready.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/calls/[0-9a-f-]{36}$"))
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(re.compile("/calls$"))


def test_a_wrong_number_is_said_in_the_drawer_and_what_was_written_stays(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/calls")
    page.get_by_role("link", name="Place call").first.click()
    page.get_by_label("Number", exact=True).fill("12")
    page.get_by_label("What to say").fill("Hello")
    page.locator("#sheet").get_by_role("button", name="Place call").click()
    expect(page.locator("#sheet")).to_contain_text("Begin with + and the country code")
    expect(page.get_by_label("What to say")).to_have_value("Hello")
    # By keyboard from one choice to the other, which leaves the form where it is.
    page.get_by_label("Read a text").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Assistant", exact=True)).to_be_visible()
    expect(page.get_by_label("What to say")).to_be_hidden()
    # The browser says of every 4xx that it "failed to load".
    assert all("422" in complaint for complaint in desk.complaints)
    desk.complaints.clear()


def test_new_calls_are_told_by_a_pill_and_the_list_stays(desk: Desk) -> None:
    page = desk.logged_in()
    place(page, "One")
    page.goto("/calls")
    rows = page.locator("tbody tr")
    expect(rows.first).to_be_visible()
    before = rows.count()
    other = page.context.new_page()
    place(other, "Two")
    page.bring_to_front()
    pill = page.get_by_role("link", name="1 new call")
    expect(pill).to_be_visible()
    assert rows.count() == before
    pill.click()
    expect(rows).to_have_count(before + 1)


def test_filters_change_the_list_and_its_address(desk: Desk) -> None:
    page = desk.logged_in()
    place(page, "Hello")
    expect(page.locator("#live .timeline")).to_contain_text("Completed")
    page.goto("/calls")
    page.get_by_label("Status").select_option("busy")
    expect(page.get_by_text("No call fits these filters")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/calls\?status=busy$"))
    page.get_by_role("link", name="Show all calls").click()
    page.get_by_title("Only these").first.click()
    expect(page).to_have_url(re.compile(r"/calls\?status=completed$"))
    page.get_by_role("link", name="completed Remove this filter").click()
    expect(page).to_have_url(re.compile("/calls$"))


def test_without_scripts_a_call_is_placed_and_a_message_sent(desk: Desk) -> None:
    page = desk.logged_in(scripts=False)
    page.goto("/calls")
    page.get_by_role("link", name="Place call").first.click()
    fill(page, "What to say", "Hello")
    page.get_by_role("button", name="Place call").click()
    expect(page.get_by_text("Call successfully placed!")).to_be_visible()
    page.goto("/messages/new")
    fill(page, "Text", "Your table is ready.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Message sent.")).to_be_visible()
    page.get_by_role("link", name="Messages").last.click()
    expect(page.get_by_role("link", name=SHOWN).first).to_be_visible()


def test_a_message_is_sent_and_seen_to_arrive(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/messages")
    page.keyboard.press("c")
    fill(page, "Text", "Your table is ready.")
    page.locator("#sheet").get_by_role("button", name="Send message").click()
    page.wait_for_url(re.compile(r"/messages/[0-9a-f-]{36}$"))
    expect(page.locator("#live .timeline")).to_contain_text("Delivered")


def test_many_are_written_to_after_a_look_and_with_a_pause(desk: Desk) -> None:
    page = desk.logged_in()
    page.goto("/messages")
    page.get_by_role("link", name="To many").click()
    page.get_by_role("link", name="Write to many").first.click()
    numbers = [f"+1415555{last:04}" for last in range(200, 230)]
    page.get_by_label("Recipients").fill("\n".join(["12,Nobody", *numbers]))
    page.get_by_label("Text").fill("We close early today.")
    page.get_by_label("From").fill(OURS)
    page.get_by_role("button", name="Check the list").click()
    review = page.get_by_role("region", name="What will be sent")
    expect(review).to_be_focused()
    expect(review).to_contain_text("1 row left out")
    expect(review).to_contain_text("Begin with + and the country code")
    found = found_by_axe(page)
    review.get_by_role("button", name="Send 30 messages").click()
    page.wait_for_url(re.compile(r"/messages/bulk/[0-9a-f-]{36}$"))
    expect(page.get_by_role("region", name="Notices")).to_contain_text("The batch has begun.")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#live")).to_contain_text("running")
    page.get_by_role("button", name="Send no more").click()
    expect(page.locator("#live")).to_contain_text("not sent")
    found += found_by_axe(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(
    desk: Desk, ava: RunningAva, dark: bool, width: int
) -> None:
    page = desk.logged_in(dark=dark, width=width)
    place(page, "Hello")
    call = page.url
    found = []
    for address in (call, "/calls", "/calls?status=busy", "/calls/new", "/messages/new"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
        found += [f"{address}: {each}" for each in found_by_axe(page)]
    page.goto("/calls")
    page.get_by_role("link", name=SHOWN).first.click()
    expect(page.get_by_role("dialog", name="Details").locator("#live")).to_be_visible()
    found += found_by_axe(page)
    assert not found, "\n".join(found)


def test_on_a_phone_each_row_is_seen_whole(desk: Desk, ava: RunningAva) -> None:
    ava.login()
    for path, text in (("calls", {"say": "Hello."}), ("messages", {"body": LONG})):
        row = {"to": PERSON, "from": OURS, **text}
        assert ava.call("POST", f"/twilio/{path}", json=row).status_code == 201
    page = desk.logged_in(width=360)
    for room in ("/calls", "/messages", "/activity"):
        page.goto(room)
        table = page.locator(".table-frame")
        assert table.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0, room
        least = table.evaluate("""frame => Math.min(...[...frame.querySelectorAll("tbody td")]
          .filter(cell => cell.offsetParent && cell.textContent.trim())
          .map(cell => cell.clientWidth - cell.scrollWidth))""")
        assert least >= 0, room
    page.goto("/messages")
    expect(page.get_by_role("row").get_by_text(LONG[:20]).first).to_be_visible()
    page.get_by_role("link", name="Opt-outs").click()
    page.get_by_label("Number").fill(PERSON)
    page.get_by_role("button", name="Put on the list").click()
    expect(page.get_by_role("button", name="Take off")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Take off").click()
    expect(page.get_by_text("Nobody has opted out")).to_be_visible()
