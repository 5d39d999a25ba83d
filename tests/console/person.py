"""Somebody at a screen: pages of one browser, with what the browser complains of."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.server import PASSWORD

DEMO = "demo@example.com"
# Waits for what the page does; generous, as machines may be busy.
MOST_MS = 60_000
_AXE = Axe()
# Said of Playwright's own scripts, in the frames of mails, where none may run.
_OWN = "Blocked script execution in "


class Desk:
    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.url = url
        self.complaints: list[str] = []

    def page(
        self, *, width: int = 1440, dark: bool = False, scripts: bool = True, **more: Any
    ) -> Page:
        """A page of a browser that knows nothing yet."""
        context = self._browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(MOST_MS)
        context.tracing.start(snapshots=True)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def logged_in(self, **more: Any) -> Page:
        page = self.page(**more)
        log_in(page)
        return page

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_OWN):
            self.complaints.append(f"{message.text} {message.location}")

    def leave(self, results: Path | None) -> None:
        """Close all pages; with results, leave there what they showed."""
        for number, context in enumerate(self._contexts):
            if results is None:
                context.tracing.stop()
            else:
                for page in context.pages:
                    page.screenshot(path=f"{results}-{number}.png", full_page=True)
                context.tracing.stop(path=f"{results}-{number}.zip")
            context.close()


def log_in(page: Page, *, password: str = PASSWORD, address: str = "/login") -> None:
    page.goto(address)
    page.get_by_label("User name or e-mail").fill(DEMO)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def found_by_axe(page: Page) -> list[str]:
    """What is not accessible on this page, a line each."""
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in _AXE.run(page).response["violations"]
        for node in rule["nodes"]
    ]
