"""Pages look as they did: compared with docs/screenshots, which script/screenshots makes anew."""

import os
from itertools import product

import pytest

from ava.conf.env import BASE_DIR
from tests import browser
from tests.console import pictures
from tests.console.conftest import RESULTS
from tests.console.person import Desk, log_in

pytestmark = [pytest.mark.slow, browser.needed]

KEPT = BASE_DIR / "docs" / "screenshots"
FONT = KEPT / "font"
MAKE = "AVA_SCREENSHOTS" in os.environ
MOST = 0.005  # of all pixels
HOW = "script/screenshots makes it anew"

PUBLIC = {"login": "/login", "not-found": "/nowhere"}
ROOMS = {"home": "/", "password": "/settings/password", "styleguide": "/styleguide"}
# Of these the first screen; of all others the whole page.
FIRST_SCREEN = ("home",)


@pytest.mark.parametrize(
    ("name", "width", "theme"), [*product([*PUBLIC, *ROOMS], (390, 1440), ("light", "dark"))]
)
def test_a_page_looks_as_it_did(desk: Desk, name: str, width: int, theme: str) -> None:
    kept = KEPT / f"{name}-{width}-{theme}.png"
    if not (MAKE or kept.exists()):
        pytest.skip(f"no picture of it yet: {HOW}")
    page = desk.page(width=width, dark=theme == "dark")
    blank = page.context.new_page()
    font = pictures.font(blank)
    if not MAKE and font != FONT.read_text().strip():
        pytest.skip("the pictures were made with other fonts")
    if name in ROOMS:
        log_in(page)
    page.goto({**PUBLIC, **ROOMS}[name], wait_until="networkidle")
    # The login page begins with a caret in its field.
    page.evaluate("document.activeElement.blur()")
    seen = pictures.take(page, whole=name not in FIRST_SCREEN)
    desk.complaints[:] = [each for each in desk.complaints if "/nowhere" not in each]
    if MAKE:
        KEPT.mkdir(exist_ok=True)
        FONT.write_text(f"{font}\n")
        kept.write_bytes(seen)
        return
    found = pictures.compare(blank, kept.read_bytes(), seen)
    if found.share > MOST:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / kept.name).write_bytes(seen)
        (RESULTS / f"{kept.stem}-differs.png").write_bytes(found.picture)
    assert found.share <= MOST, (
        f"{found.share:.1%} of it differs: test-results/; if so meant, {HOW}"
    )
