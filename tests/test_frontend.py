"""examples/frontend on an origin of its own, used in a real Chromium against a running AVA."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from ava.conf.env import BASE_DIR
from tests import browser
from tests.server import PASSWORD, RunningAva

pytestmark = [pytest.mark.slow, browser.needed]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    handler = partial(Quiet, directory=str(BASE_DIR / "examples" / "frontend"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def ava(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("frontend") / "var"
    with RunningAva(data, AVA_CORS_ORIGINS=origin) as running:
        yield running


@pytest.fixture(scope="module")
def tab(origin: str, ava: RunningAva) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = chromium.new_page()
        page.goto(origin)
        page.get_by_label("AVA").fill(ava.url)
        yield page
        chromium.close()


def log_in(tab: Page, password: str) -> None:
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Log in").click()


def test_a_refusal_is_shown_with_the_correlation_id(tab: Page) -> None:
    with tab.expect_response("**/auth/login") as answer:
        log_in(tab, "not the password")
    assert answer.value.status == 401
    alert = tab.get_by_role("alert")
    expect(alert).to_contain_text(f"(Correlation ID: {answer.value.headers['x-correlation-id']})")


def test_settings_are_listed_and_changed_from_another_origin(tab: Page) -> None:
    log_in(tab, PASSWORD)
    greeting = tab.get_by_label("greeting_message")
    expect(greeting).to_be_visible()
    expect(tab.get_by_role("alert")).to_be_hidden()
    greeting.fill('"From another origin"')
    line = tab.get_by_role("row").filter(has_text="greeting_message")
    with tab.expect_response("**/vapi/settings/greeting_message") as answer:
        line.get_by_role("button", name="Save").click()
    assert answer.value.status == 200
    assert answer.value.json()["setting"]["value"] == "From another origin"


def test_a_value_that_is_not_taken_says_why(tab: Page) -> None:
    tab.get_by_label("temperature").fill("9")
    line = tab.get_by_role("row").filter(has_text="temperature")
    line.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("alert")).to_contain_text("Correlation ID:")
