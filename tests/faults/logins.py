"""Logins of the clients: a program's token and a browser's session, renewed when they end."""

import re
import threading
import time

import requests

from tests.server import PASSWORD

WHO = "demo@example.com"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_APART_SECONDS = 1.0


class Logins:
    """Headers for each kind of client. All clients of a kind share a login."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._headers: dict[str, dict[str, str]] = {"provider": {}}
        self._since = 0.0
        self.renew()

    def headers(self, as_: str) -> dict[str, str]:
        return self._headers[as_]

    def renew(self) -> None:
        """Log in again, unless another client has just done so. Raises: RequestException."""
        with self._lock:
            if time.monotonic() - self._since < _APART_SECONDS:
                return
            self._headers["program"] = {"Authorization": f"Bearer {self._access_token()}"}
            self._headers["browser"] = {"Cookie": f"sessionid={self._session()}"}
            self._since = time.monotonic()

    def _access_token(self) -> str:
        answer = requests.post(
            f"{self._url}/api/v1/auth/login",
            json={"identifier": WHO, "password": PASSWORD},
            timeout=20,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _session(self) -> str:
        with requests.Session() as browser:
            page = browser.get(f"{self._url}/login", timeout=20)
            page.raise_for_status()
            [token] = set(_TOKEN.findall(page.text))
            form = {"csrfmiddlewaretoken": token, "username": WHO, "password": PASSWORD}
            answer = browser.post(f"{self._url}/login", data=form, timeout=20)
            answer.raise_for_status()
            return str(browser.cookies["sessionid"])
