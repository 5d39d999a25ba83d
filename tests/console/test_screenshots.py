"""Pages look as they did: compared with docs/screenshots, which script/screenshots makes anew."""

import os
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from ava.conf.env import BASE_DIR
from tests import browser
from tests.console import pictures, scene
from tests.console.conftest import DEVELOPMENT, RESULTS
from tests.console.person import Desk
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, browser.needed]

KEPT = BASE_DIR / "docs" / "screenshots"
FONT = KEPT / "font"
MAKE = "AVA_SCREENSHOTS" in os.environ
MOST = 0.005  # of all pixels
HOW = "script/screenshots makes it anew"

FAULTS = {
    "fault": "/messages?search=fault",
    "unavailable": "/messages?search=unavailable",
}
# Has the server meet what no visitor can bring about.
HOOK = """
from ava.console import curl
ordinary = curl.command
def command(request, method, path, body=None):
    from ava.http.problems import Overloaded
    if path.endswith("search=fault"):
        raise RuntimeError("played for a picture")
    if path.endswith("search=unavailable"):
        raise Overloaded(retry_after=27)
    return ordinary(request, method, path, body)
curl.command = command
"""
PUBLIC = {"login": "/login", "forbidden": "/login", "not-found": "/nowhere"}
# Before anything has happened.
FIRST = {"first-visit": "/"}
ROOMS = {
    "home": "/",
    "vapi": "/vapi",
    "calls": "/calls",
    "call": "/calls/{call}",
    "call-events": "/calls/{call}/events",
    "call-charts": "/calls/charts",
    "messages": "/messages",
    "conversations": "/messages/with",
    "conversation": f"/messages/with/{scene.PERSON}",
    "batch": "/messages/bulk/{batch}",
    "opt-outs": "/messages/opt-outs",
    "mail": "/mail",
    "mail-new": "/mail/new",
    "mail-templates": "/mail/templates",
    "suppressions": "/mail/suppressions",
    "calendar": "/calendar?from=2030-01-07",
    "slots": "/calendar/slots?day=2030-01-07&days=3",
    "feed": "/calendar/feed",
    "booking-tool": "/calendar/booking-tool",
    # What AVA asked providers for depends on the pages seen before.
    "activity": "/activity?kind=request",
    "story": f"/activity/{scene.TRACE}",
    "settings": "/settings",
    "keys": "/settings/keys/vapi",
    "keys-delete": "/settings/keys/resend/delete",
    "notifications": "/settings/notifications",
    "tokens": "/settings/tokens",
    "providers": "/settings/providers",
    "password": "/settings/password",
    "styleguide": "/styleguide",
}
ADDRESSES = {**FIRST, **PUBLIC, **ROOMS, **FAULTS}
_WITHOUT_ITS_TOKEN = """() => {
  document.querySelector("[name=csrfmiddlewaretoken]").remove();
  document.querySelector("form").submit();
}"""
# Of these the first screen; of all others the whole page.
FIRST_SCREEN = ("first-visit", "home", "vapi")

Screens = Callable[[str, int, str], Page]


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("screenshots") / "var"
    with RunningAva(data, hook=HOOK, **DEVELOPMENT) as running:
        yield running


@pytest.fixture(scope="module")
def played(ava: RunningAva) -> dict[str, str]:
    return scene.play(ava)


@pytest.fixture(scope="module")
def screens(
    request: pytest.FixtureRequest, ava: RunningAva, chromium: Browser
) -> Iterator[Screens]:
    """Shows each page once, and it then on each screen: to a stranger, or logged in once."""
    desk = Desk(chromium, ava.url)
    public, private = desk.page(timezone_id="UTC"), desk.logged_in(timezone_id="UTC")
    shown = ""

    def show(name: str, width: int, theme: str) -> Page:
        nonlocal shown
        page = public if name in PUBLIC else private
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        if shown != name:
            played = {} if name in FIRST else request.getfixturevalue("played")
            page.goto(ADDRESSES[name].format(**played), wait_until="networkidle")
            if name == "forbidden":
                with page.expect_navigation():
                    page.evaluate(_WITHOUT_ITS_TOKEN)
            shown = name
        return page

    yield show
    desk.leave(None)
    meant = (*FAULTS.values(), PUBLIC["forbidden"], PUBLIC["not-found"])
    assert [one for one in desk.complaints if not any(each in one for each in meant)] == []


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    """A page that does the work of comparing."""
    page = chromium.new_page()
    font = pictures.font(page)
    if MAKE:
        KEPT.mkdir(exist_ok=True)
        FONT.write_text(f"{font}\n")
    elif font != FONT.read_text().strip():
        pytest.skip("the pictures were made with other fonts")
    yield page
    page.close()


@pytest.mark.parametrize(
    ("name", "width", "theme"), [*product(ADDRESSES, (390, 1440), ("light", "dark"))]
)
def test_a_page_looks_as_it_did(
    screens: Screens, blank: Page, name: str, width: int, theme: str
) -> None:
    kept = KEPT / f"{name}-{width}-{theme}.png"
    seen = pictures.take(screens(name, width, theme), whole=name not in FIRST_SCREEN)
    if MAKE:
        kept.write_bytes(pictures.pack(blank, seen))
        return
    assert kept.exists(), f"no picture of it yet: {HOW}"
    found = pictures.compare(blank, kept.read_bytes(), seen)
    if found.share > MOST:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{kept.stem}.png").write_bytes(seen)
        (RESULTS / f"{kept.stem}-differs.png").write_bytes(found.picture)
    assert found.share <= MOST, (
        f"{found.share:.1%} of it differs: test-results/; if so meant, {HOW}"
    )
