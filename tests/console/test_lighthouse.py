"""Lighthouse's scores of the console: how fast, accessible and well made it finds the rooms."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ava.conf.env import BASE_DIR
from tests import browser
from tests.console.person import Desk
from tests.server import RunningAva

HOME = BASE_DIR / "tests" / "console" / "lighthouse"
PROGRAM = HOME / "node_modules" / ".bin" / "lighthouse"
INSTALL = f"npm ci --prefix {HOME.relative_to(BASE_DIR)}"
LEAST = 95
CATEGORIES = ("performance", "accessibility", "best-practices")

pytestmark = [
    pytest.mark.slow,
    browser.needed,
    pytest.mark.skipif(not PROGRAM.exists(), reason=f"no Lighthouse here: {INSTALL}"),
]


@pytest.fixture(scope="module")
def cookie(ava: RunningAva, chromium: Browser) -> str:
    """What says that somebody is logged in."""
    desk = Desk(chromium, ava.url)
    cookies = desk.logged_in().context.cookies()
    desk.leave(None)
    return "; ".join(f"{one['name']}={one['value']}" for one in cookies)


@pytest.mark.parametrize("room", ["/", "/settings", "/calls"])
def test_lighthouse_gives_the_best_marks(
    ava: RunningAva, cookie: str, room: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    subprocess.run(
        [
            *(str(PROGRAM), f"{ava.url}{room}", "--quiet", "--preset=desktop"),
            f"--only-categories={','.join(CATEGORIES)}",
            *("--output=json", f"--output-path={report}"),
            f"--extra-headers={json.dumps({'Cookie': cookie})}",
            "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        ],
        env={**os.environ, "CHROME_PATH": str(browser.CHROMIUM), "HOME": str(tmp_path)},
        timeout=180,
        check=True,
    )
    found = json.loads(report.read_text())
    assert found["finalDisplayedUrl"] == f"{ava.url}{room}"
    scores = {name: round(found["categories"][name]["score"] * 100) for name in CATEGORIES}
    missed = [
        f"{audit['id']}: {audit.get('displayValue') or audit['title']}"
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 0.9
    ]
    assert min(scores.values()) >= LEAST, f"{scores}\n" + "\n".join(missed)
