"""The console in a real Chromium, on a running AVA with its sandbox.

A test that fails leaves a screenshot and a trace of each page it had open, in `test-results/`
(`.venv/bin/playwright show-trace FILE`).
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from ava.conf.env import BASE_DIR
from tests.browser import CHROMIUM
from tests.console.person import Desk
from tests.server import RunningAva

RESULTS = BASE_DIR / "test-results"
# Shown in development only, with each component in every state.
DEVELOPMENT = {"AVA_ENV": "development"}
# A breaker opens at once, and is soon tried again.
NERVOUS = {"CIRCUIT_BREAKER_THRESHOLD": "1", "CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "4"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("console") / "var"
    with RunningAva(data, **DEVELOPMENT, **NERVOUS) as running:
        yield running


# Of a module: while Playwright runs, Django takes this thread for an event loop's.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def desk(request: pytest.FixtureRequest, ava: RunningAva, chromium: Browser) -> Iterator[Desk]:
    """Somebody at a screen. Nothing may be complained of in the browser's console."""
    desk = Desk(chromium, ava.url)
    yield desk
    failed = request.node.stash.get(_FAILED, True)
    name = re.sub(r"\W+", "-", request.node.name)
    desk.leave(RESULTS / name if failed else None)
    assert failed or desk.complaints == []
