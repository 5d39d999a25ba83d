"""The room Assistants in a real browser: edit, review, undo, conflict, outage."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import browser
from tests.console.person import MOST_MS, Desk, found_by_axe
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, browser.needed]
expect.set_options(timeout=MOST_MS)

SPEED = "/vapi/settings/voice_speed"


@pytest.fixture(autouse=True)
def healthy(ava: RunningAva) -> Iterator[None]:
    ava.login()
    yield
    ava.heal()


def speed_in_api(ava: RunningAva) -> float:
    return float(ava.call("GET", SPEED).json()["setting"]["value"])


def row(page: Page, key: str = "voice_speed") -> Locator:
    return page.locator(f"#setting-{key}")


def review(page: Page, speed: str) -> None:
    page.get_by_role("spinbutton", name="Voice speed").fill(speed)
    row(page).get_by_role("button", name="Review").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_callers_say_it_talks_too_fast(desk: Desk, ava: RunningAva, scripts: bool) -> None:
    ava.call("PUT", SPEED, json={"value": 1.1})
    page = desk.logged_in(scripts=scripts)
    page.get_by_role("link", name="Assistants").first.click()
    search = page.get_by_role("searchbox", name="Search settings")
    search.fill("how fast")
    if not scripts:
        search.press("Enter")
    expect(page.get_by_role("spinbutton")).to_have_count(1)
    expect(page).to_have_url(re.compile("search=how"))
    review(page, "0.9")
    expect(row(page)).to_contain_text(re.compile(r"Before\s*1\.1.*After\s*0\.9", re.S))
    expect(row(page)).to_contain_text("Nothing else in Front desk changes.")
    assert speed_in_api(ava) == 1.1
    row(page).get_by_role("button", name="Save change").click()
    notices = page.get_by_role("region", name="Notices")
    expect(notices).to_contain_text("Voice speed is 0.9 now.")
    assert speed_in_api(ava) == 0.9
    notices.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Voice speed is 1.1 now.")
    assert speed_in_api(ava) == 1.1


def test_the_slider_and_its_number_are_one_and_the_keyboard_is_enough(desk: Desk, ava) -> None:
    ava.call("PUT", SPEED, json={"value": 1.0})
    page = desk.logged_in()
    page.goto("/vapi")
    page.get_by_role("slider", name="Voice speed, slider").press("ArrowLeft")
    expect(page.get_by_role("spinbutton", name="Voice speed")).to_have_value("0.95")
    page.get_by_role("spinbutton", name="Voice speed").press("Enter")
    expect(row(page).get_by_role("button", name="Save change")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page).get_by_role("button", name="Review")).to_be_focused()
    assert speed_in_api(ava) == 0.95


def test_a_conflict_lets_one_choose_between_two_values(desk: Desk, ava: RunningAva) -> None:
    ava.call("PUT", SPEED, json={"value": 1.0})
    page = desk.logged_in()
    page.goto("/vapi")
    ava.call("PUT", SPEED, json={"value": 0.8})
    review(page, "1.15")
    expect(row(page)).to_contain_text("Somebody was faster")
    expect(row(page)).to_contain_text(re.compile(r"Theirs.*0\.8.*Yours.*1\.15", re.S))
    assert found_by_axe(page) == []
    row(page).get_by_role("button", name="Use mine").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Voice speed is 1.15 now.")
    assert speed_in_api(ava) == 1.15
    # The browser says of every 4xx that it "failed to load".
    assert all("422" in complaint for complaint in desk.complaints)
    desk.complaints.clear()


def test_the_history_opens_beside_the_list_and_puts_a_value_back(desk: Desk, ava) -> None:
    ava.call("PUT", SPEED, json={"value": 0.85})
    ava.call("PUT", SPEED, json={"value": 1.05})
    page = desk.logged_in()
    page.goto("/vapi")
    row(page).get_by_role("link", name="History").click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer).to_contain_text("changed it through the API")
    assert found_by_axe(page) == []
    drawer.get_by_role("button", name="Put this back 0.85").first.click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("Voice speed is 0.85 now.")
    assert speed_in_api(ava) == 0.85


def test_an_outage_keeps_the_values_counts_down_and_ends_by_itself(desk: Desk, ava) -> None:
    page = desk.logged_in()
    page.goto("/vapi")
    ava.fault(provider="vapi", kind="status", status=500)
    fresh = {"Cache-Control": "no-cache"}
    assert ava.call("GET", "/vapi/assistants", headers=fresh).status_code == 502
    page.reload()
    expect(page.get_by_text("Vapi cannot be reached right now")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Circuit breaker open - retrying in \d+s"))).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Voice speed")).to_be_disabled()
    assert found_by_axe(page) == []
    ava.heal()
    expect(page.get_by_role("spinbutton", name="Voice speed")).to_be_enabled()
    expect(page.get_by_text("Vapi cannot be reached right now")).to_be_hidden()


def test_json_says_its_line_and_a_setting_of_ones_own_is_added(desk: Desk, ava) -> None:
    page = desk.logged_in()
    page.goto("/vapi")
    page.keyboard.press("c")
    page.get_by_label("Key", exact=True).fill("opening_hours")
    page.get_by_label("Value", exact=True).fill('{\n"monday": [9, 17],\n"tuesday" 9}')
    expect(page.get_by_text("Line 3: this is not JSON yet.")).to_be_visible()
    page.get_by_label("Value", exact=True).fill('{"monday": [9, 17]}')
    page.get_by_role("button", name="Review setting").click()
    page.get_by_role("button", name="Save change").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("opening_hours is changed.")
    answer = ava.call("GET", "/vapi/settings/opening_hours").json()
    assert answer["setting"]["value"] == {"monday": [9, 17]}
