"""A webhook that was acknowledged has its effect, even when AVA is killed the moment after."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.twilio import signatures
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

MESSAGES = 12
PATIENCE = 60


def deliver(ava: RunningAva, number: int) -> int:
    """A message that comes in, as Twilio sends it."""
    url = f"{ava.url}/api/v1/webhooks/twilio/message"
    form = {
        "AccountSid": ACCOUNT_SID,
        "MessageSid": f"SM{number:032x}",
        "SmsStatus": "received",
        "From": "+15005550010",
        "To": "+15005550006",
        "Body": f"number {number}",
    }
    signature = signatures.sign(AUTH_TOKEN, url, tuple(form.items()))
    headers = {signatures.HEADER: signature}
    return requests.post(url, data=form, headers=headers, timeout=10).status_code


def undone(ava: RunningAva) -> int:
    with sqlite3.connect(ava.log.parent / "ava.sqlite3") as database:
        query = "SELECT count(*) FROM inbound_delivery WHERE state != 'done'"
        return int(database.execute(query).fetchone()[0])


def test_what_was_acknowledged_before_a_crash_is_worked_through_after_it(tmp_path: Path) -> None:
    with RunningAva(tmp_path / "var") as ava:
        ava.login()
        with ThreadPoolExecutor(MESSAGES) as twilio:
            told = list(twilio.map(lambda number: deliver(ava, number), range(MESSAGES)))
        ava.kill()
        assert told == [200] * MESSAGES
        ava.start()
        give_up = time.monotonic() + PATIENCE
        while undone(ava):
            assert time.monotonic() < give_up, ava.output()
            time.sleep(0.1)
        assert {deliver(ava, number) for number in range(MESSAGES)} == {200}
        kept = ava.call("GET", "/twilio/messages", params={"direction": "inbound"}).json()
    bodies = [message["body"] for message in kept["results"]]
    assert sorted(bodies) == sorted(f"number {number}" for number in range(MESSAGES))


def test_while_others_keep_the_database_no_webhook_is_acknowledged_and_none_lost(
    tmp_path: Path,
) -> None:
    with RunningAva(tmp_path / "var") as ava:
        ava.login()
        with sqlite3.connect(tmp_path / "var" / "ava.sqlite3", isolation_level=None) as keeper:
            keeper.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            with ThreadPoolExecutor(MESSAGES) as twilio:
                told = list(twilio.map(lambda number: deliver(ava, number), range(MESSAGES)))
            # Twilio would give up after 15 s.
            assert time.monotonic() - started < 10
            assert requests.get(f"{ava.url}/healthz", timeout=10).ok
            keeper.execute("ROLLBACK")
        assert told == [503] * MESSAGES
        for number in range(MESSAGES):
            # As Twilio does: SQLite lets writers pass that came later.
            until(lambda: deliver(ava, number) == 200)  # noqa: B023
        give_up = time.monotonic() + PATIENCE
        while undone(ava):
            assert time.monotonic() < give_up, ava.output()
            time.sleep(0.1)
        kept = ava.call("GET", "/twilio/messages", params={"direction": "inbound"}).json()
    assert kept["count"] == MESSAGES
