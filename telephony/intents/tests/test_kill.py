"""kill -9 at every step of placing a call and of sending a message: each happens once.

One request after the other is stopped at its own step, then the whole of AVA is killed at once:

1. before anything is stored: asking Twilio for the account's numbers
2. stored, on its way, never looked at by Twilio
3. stored, done by Twilio, no answer
4. done, in the middle of Twilio's answer
5. done and answered, the answer not stored: the database is busy
6. done, answered and stored, no callback yet
"""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import RunningAva

pytestmark = pytest.mark.slow

OURS = "+15005550006"
FINAL = {"completed", "busy", "no-answer", "failed", "canceled", "delivered", "undelivered"}
KINDS = {"calls": {"say": "Hello"}, "messages": {"body": "Hello"}}
PATH = {"calls": "Calls.json", "messages": "Messages.json"}
BASE = "/2010-04-01/Accounts/AC" + "0" * 32


class Stage:
    """AVA, its sandbox, and requests that get stuck on the way."""

    def __init__(self, ava: RunningAva) -> None:
        self.ava = ava
        self.stuck: list[threading.Thread] = []

    def stop_at(self, step: int, kind: str, *faults: dict[str, Any]) -> None:
        """Send a request that one of these faults meets, and come back when it has."""
        for fault in faults:
            order = {"count": 1, "match": f"POST {BASE}/{PATH[kind]}"} | fault
            self.ava.fault(provider="twilio", **order)
        before = len(self.arrived())
        body = {"to": number(step, kind), "from": OURS, **KINDS[kind]}
        thread = threading.Thread(target=self._send, args=(kind, body), daemon=True)
        thread.start()
        self.stuck.append(thread)
        wait_until(lambda: len(self.arrived()) > before)

    def _send(self, kind: str, body: dict[str, str]) -> None:
        headers = dict(self.ava.session.headers)
        url = f"{self.ava.url}/api/v1/twilio/{kind}"
        with pytest.raises(requests.RequestException):
            requests.post(url, json=body, headers=headers, timeout=60)

    def place(self, step: int, kind: str) -> requests.Response:
        """Send a request that nothing stops."""
        body = {"to": number(step, kind), "from": OURS, **KINDS[kind]}
        return self.ava.call("POST", f"/twilio/{kind}", json=body)

    def arrived(self) -> list[dict[str, Any]]:
        return self.ava.arrived("twilio")

    def rows(self, kind: str) -> dict[str, dict[str, Any]]:
        """What AVA knows, by the number that was called or written to."""
        found = self.ava.call("GET", f"/twilio/{kind}").json()["results"]
        return {row["to"]: row for row in found}

    def has_settled(self, kind: str) -> bool:
        return {row["status"] for row in self.rows(kind).values()} <= FINAL

    def reached(self, kind: str) -> Counter[str]:
        """How often each phone really rang, or got a message."""
        found = requests.get(f"{self.ava.sandbox}/effects", timeout=5).json()
        return Counter(one["to"] for one in found[kind])


def number(step: int, kind: str) -> str:
    return f"+1415555{1 if kind == 'calls' else 2}{step:03}"


def wait_until(reached: Callable[[], object]) -> None:
    give_up = time.monotonic() + 90
    while not reached():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.1)


def test_a_kill_at_any_step_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    ava = RunningAva(tmp_path / "var", DJANGO_SETTINGS_MODULE="telephony.tests.quick")
    ava.environment["AVA_PUBLIC_URL"] = ava.url
    ava.start_sandbox()
    with ava:
        ava.login()
        stage = Stage(ava)
        # Eight requests at once are what AVA lets through to Twilio: not all steps for both.
        numbers = f"GET {BASE}/IncomingPhoneNumbers.json"
        stage.stop_at(1, "calls", {"kind": "hang", "when": "before", "match": numbers})
        placed = [stage.place(6, kind) for kind in KINDS]
        for kind in KINDS:
            stage.stop_at(2, kind, {"kind": "hang", "when": "before"})
            stage.stop_at(3, kind, {"kind": "hang", "when": "after"})
        stage.stop_at(4, "messages", {"kind": "drip", "delay_ms": 200})
        database = sqlite3.connect(tmp_path / "var" / "ava.sqlite3", isolation_level=None)
        stage.stop_at(5, "calls", {"kind": "slow", "delay_ms": 1000})
        database.execute("BEGIN IMMEDIATE")
        wait_until(lambda: stage.arrived()[-1]["status"] == 201)
        ava.kill()
        database.rollback()
        database.close()
        for thread in stage.stuck:
            thread.join()
        assert [answer.status_code for answer in placed] == [201, 201]

        ava.heal()
        ava.start()
        for kind in KINDS:
            wait_until(partial(stage.has_settled, kind))
            # Of step 1 nothing was stored: the client knows that it was not done.
            wanted = [number(step, kind) for step in (2, 3, 5 if kind == "calls" else 4, 6)]
            assert stage.reached(kind) == dict.fromkeys(wanted, 1)
            assert sorted(stage.rows(kind)) == wanted
            assert all(row["provider_sid"] for row in stage.rows(kind).values())
        again = stage.rows("calls")[number(2, "calls")]
        assert "attempt 2" in [entry["detail"] for entry in again["timeline"]]
        assert '"exc_type"' not in ava.output()
