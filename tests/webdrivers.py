"""Firefox and WebKitGTK by WebDriver, for tests: what a visitor sees, fills in and presses.

Of Debian's browsers Playwright drives Chromium alone, and Debian has no geckodriver: Firefox is
asked by Marionette, which geckodriver would ask. Both know the commands of
https://www.w3.org/TR/webdriver2/.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import glob
from itertools import count
from pathlib import Path
from typing import Any

import requests

from tests.ports import free_port

FIREFOX = shutil.which("firefox-esr")
# With its browser, and a screen for it: WebKitGTK has no headless mode.
BROWSERS = glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
WEBKIT = shutil.which("WebKitWebDriver") if BROWSERS else None
SCREEN = shutil.which("Xvfb")
INSTALL = "apt-get install -y --no-install-recommends firefox-esr webkit2gtk-driver xvfb"

_SECONDS = 60
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name of a reference to an element

Ask = Callable[..., Any]


class Marionette:
    """A session of Firefox: commands as JSON behind their length."""

    def __init__(self, port: int) -> None:
        self._ids = count(1)
        self._socket = _connected(port)
        self._file = self._socket.makefile("rb")
        self._read()
        self.ask("NewSession")

    def ask(self, command: str, element: str = "", **about: Any) -> Any:
        about |= {"id": element} if element else {}
        text = json.dumps([0, next(self._ids), f"WebDriver:{command}", about])
        self._socket.sendall(f"{len(text)}:{text}".encode())
        _, _, fault, found = self._read()
        assert fault is None, fault
        return found.get("value") if isinstance(found, dict) else found

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (byte := self._file.read(1)) != b":":
            length += byte
        return json.loads(self._file.read(int(length)))


class WebDriver:
    """A session of a browser that is asked by HTTP."""

    _PATHS = {
        "Navigate": "url",
        "FindElements": "elements",
        "ExecuteScript": "execute/sync",
        "ElementClick": "element/{}/click",
        "ElementClear": "element/{}/clear",
        "ElementSendKeys": "element/{}/value",
        "IsElementDisplayed": "element/{}/displayed",
    }

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self._url = f"http://127.0.0.1:{port}/session"
        _connected(port).close()
        made = self._send("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        self._url += f"/{made['sessionId']}"

    def ask(self, command: str, element: str = "", **about: Any) -> Any:
        reads = command.startswith("Is")
        path = "/" + self._PATHS[command].format(element)
        return self._send("GET" if reads else "POST", path, None if reads else about)

    def close(self) -> None:
        self._send("DELETE", "", None)

    def _send(self, method: str, path: str, body: Any) -> Any:
        answer = requests.request(method, self._url + path, json=body, timeout=_SECONDS)
        assert answer.ok, answer.text
        return answer.json()["value"]


class Visitor:
    """Somebody at one of these browsers."""

    def __init__(self, ask: Ask, url: str) -> None:
        self._ask, self._url = ask, url

    def open(self, path: str) -> None:
        self._ask("Navigate", url=self._url + path)

    def fill(self, label: str, text: str) -> None:
        labelled = f"//label[starts-with(normalize-space(), '{label}')]"
        field = self._find(f"//*[@id = {labelled}/@for] | //*[@aria-label = '{label}']")
        self._ask("ElementClear", field)
        self._ask("ElementSendKeys", field, text=text)

    def press(self, name: str, *, within: str = "") -> None:
        """Click a button or a link; `within`: the ID of what holds it."""
        holder = f"//*[@id = '{within}']" if within else ""
        pressed = f"[self::a or self::button][contains(normalize-space(), '{name}')]"
        self._first(f"{holder}//*{pressed}", self._click)

    def sees(self, text: str, *, within: str = "main") -> None:
        """Wait until this text is there."""
        shown = f"//*[@id = '{within}'][contains(normalize-space(), '{text}')]"
        self._find(shown)

    @property
    def path(self) -> str:
        return str(self._ask("ExecuteScript", script="return location.pathname", args=[]))

    def _click(self, element: str) -> bool:
        """Whether it could be: one page may still turn into another above it."""
        self._ask("ElementClick", element)
        return True

    def _find(self, xpath: str) -> str:
        return self._first(xpath, lambda element: self._ask("IsElementDisplayed", element))

    def _first(self, xpath: str, suits: Callable[[str], Any]) -> str:
        """The first element that suits, within a minute."""
        give_up = time.monotonic() + _SECONDS
        while time.monotonic() < give_up:
            for found in self._ask("FindElements", using="xpath", value=xpath):
                with suppress(AssertionError):  # hidden, or replaced meanwhile
                    if suits(found[_ELEMENT]):
                        return str(found[_ELEMENT])
            time.sleep(0.1)
        raise AssertionError(f"{xpath} is not seen at {self.path}")


@contextmanager
def firefox(url: str) -> Iterator[Visitor]:
    """Somebody at Debian's Firefox."""
    assert FIREFOX is not None
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        Path(profile, "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        command = [FIREFOX, "--headless", "--marionette", "--profile", profile]
        with _running(command, HOME=profile):
            session = Marionette(port)
            try:
                yield Visitor(session.ask, url)
            finally:
                session.close()


@contextmanager
def webkit(url: str) -> Iterator[Visitor]:
    """Somebody at Debian's WebKitGTK, on a screen of its own."""
    assert WEBKIT is not None
    assert SCREEN is not None
    port, (read, write) = free_port(), os.pipe()
    options = {"binary": BROWSERS[-1], "args": ["--automation"]}
    with _running([SCREEN, "-displayfd", str(write), "-nolisten", "tcp"], pass_fds=(write,)):
        os.close(write)
        with os.fdopen(read) as told:
            display = f":{told.readline().strip()}"
        with _running([WEBKIT, f"--port={port}"], DISPLAY=display):
            session = WebDriver(port, {"webkitgtk:browserOptions": options})
            try:
                yield Visitor(session.ask, url)
            finally:
                session.close()


@contextmanager
def _running(
    command: list[str], *, pass_fds: tuple[int, ...] = (), **environment: str
) -> Iterator[None]:
    silent = subprocess.DEVNULL
    with subprocess.Popen(
        command,
        stdout=silent,
        stderr=silent,
        pass_fds=pass_fds,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _connected(port: int) -> socket.socket:
    """A connection to what is being started."""
    give_up = time.monotonic() + _SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        except OSError:
            assert time.monotonic() < give_up, f"nothing listens on port {port}"
            time.sleep(0.1)
