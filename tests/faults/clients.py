"""Clients: send errands, judge the answers, ask again for writes until they are acknowledged."""

import http.client
import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from tests.faults import contract
from tests.faults.errands import Errand
from tests.faults.ledger import NO_ANSWER, Attempt, Ledger
from tests.faults.logins import Logins

TIMEOUT_SECONDS = 40
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 90
"""Seconds without an answer after which AVA has lost a client."""
# AVA ends idle connections after 10 s, and so do clients before.
_IDLE_SECONDS = 5
_ASKED_AGAIN = (0, 401, 409, 429, 502, 503, 504)


class Clients:
    """What all clients of one AVA share."""

    def __init__(self, url: str, ledger: Ledger) -> None:
        self.ledger, self.logins = ledger, Logins(url)
        self.netloc = urlsplit(url).netloc
        self._lanes: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def lane(self, name: str) -> threading.Lock:
        return self._lanes[name]


class Client:
    """One client with a connection of its own."""

    def __init__(self, shared: Clients) -> None:
        self._shared, self._ledger = shared, shared.ledger
        self._line = http.client.HTTPConnection(shared.netloc, timeout=TIMEOUT_SECONDS)
        self._used = 0.0

    def close(self) -> None:
        self._line.close()

    def run(self, errand: Errand) -> None:
        """Read once; write until it is acknowledged."""
        if not errand.mark:
            self._ask(errand)
            return
        with self._shared.lane(errand.lane or errand.mark):
            self._ledger.want(errand.kind, errand.mark)
            give_up = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < give_up:
                attempt, row_id = self._ask(errand)
                if attempt.is_good:
                    self._ledger.tell(errand.kind, errand.mark, row_id)
                if attempt.status not in _ASKED_AGAIN:
                    return
                time.sleep(PAUSE_SECONDS)

    def _ask(self, errand: Errand) -> tuple[Attempt, str]:
        """The attempt, and the ID of the row that the answer names."""
        is_page = errand.as_ == "browser"
        began = time.monotonic()
        headers: Mapping[str, str] = {}
        try:
            status, headers, body = self._send(errand)
            wrong = contract.offence(status, headers, body, is_page=is_page)
        except (OSError, http.client.HTTPException) as fault:
            self._line.close()
            status, body, wrong = 0, b"", ""
            about = f"{NO_ANSWER}: {type(fault).__name__}"
        else:
            about = contract.code(body) if status >= 400 else ""
        self._used = time.monotonic()
        if status == 401 or "/login" in headers.get("Location", ""):
            status, about = 401, about or "not_authenticated"
            with suppress(requests.RequestException):
                self._shared.logins.renew()
        attempt = Attempt(errand.kind, began, self._used, status, about, wrong)
        self._ledger.note(attempt)
        return attempt, _row_id(body) if attempt.is_good and errand.mark else ""

    def _send(self, errand: Errand) -> tuple[int, Mapping[str, str], bytes]:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self._line.close()
        own = self._shared.logins.headers(errand.as_)
        self._line.request(
            errand.method, errand.path, errand.body or None, {**own, **errand.headers}
        )
        answer = self._line.getresponse()
        return answer.status, CaseInsensitiveDict(answer.getheaders()), answer.read()


def _row_id(body: bytes) -> str:
    try:
        return str(json.loads(body).get("id", ""))
    except (ValueError, AttributeError):
        return ""
