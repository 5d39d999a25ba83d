"""AVA behind a real PgBouncer in transaction mode, which gives each transaction any session."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import requests

from ava.conf.env import BASE_DIR
from ava.conf.statements import LIMIT
from tests import pgbouncer, postgres
from tests.pgbouncer import PgBouncer
from tests.server import RunningAva, until
from tests.test_telephony_walk import ends, place
from tests.test_webhooks_survive import deliver

pytestmark = [pytest.mark.slow, pgbouncer.needed]

SESSIONS = 15  # of the 20 that PgBouncer opens by default: AVA's own work goes on

USUAL = {"0", LIMIT}
"""Of sessions from before the first migration, and of later ones."""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture(scope="module")
def pooler(database: str) -> Iterator[PgBouncer]:
    with PgBouncer(database) as running:
        yield running


@pytest.fixture(scope="module")
def ava(pooler: PgBouncer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data_dir: Path = tmp_path_factory.mktemp("pgbouncer") / "var"
    with RunningAva(data_dir, DATABASE_URL=pooler.url) as running:
        yield running.login()


def use(ava: RunningAva, number: int) -> None:
    """What people and providers do; each part is at its end, background work included."""
    edited = ava.call("PUT", "/vapi/settings/max_tokens", json={"value": 200 + number})
    assert edited.status_code == 200, edited.text
    person = f"+1415555{number:04}"
    ends(ava, "calls", place(ava, "calls", to=person, say="Hello"), "completed")
    sent = place(ava, "messages", to=person, body=f"hello number {number}")
    ends(ava, "messages", sent, "delivered")
    until(lambda: deliver(ava, number) == 200)
    found = {"search": f"number {number}"}
    until(lambda: ava.call("GET", "/twilio/messages", params=found).json()["count"] == 2)


def limits(pooler: PgBouncer) -> set[str]:
    """Of statements, in all sessions of the pool: each is held while the next one is asked."""
    with ExitStack() as held:
        sessions = [held.enter_context(psycopg.connect(pooler.url)) for _ in range(SESSIONS)]
        rows = [session.execute("SHOW statement_timeout").fetchone() for session in sessions]
    return {row[0] for row in rows if row}


def test_ava_works_and_leaves_nothing_in_sessions(ava: RunningAva, pooler: PgBouncer) -> None:
    use(ava, 1)
    assert limits(pooler) <= USUAL


def test_commands_read_many_rows(ava: RunningAva, pooler: PgBouncer) -> None:
    limits(pooler)  # the pool has several sessions now
    command = [sys.executable, "manage.py", "reconcile_calls"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=ava.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_webhook_does_not_wait_for_a_table_that_is_locked(
    ava: RunningAva, pooler: PgBouncer, database: str
) -> None:
    with psycopg.connect(database) as keeper:
        keeper.execute("LOCK TABLE inbound_delivery IN EXCLUSIVE MODE")
        assert deliver(ava, 2) == 503
    until(lambda: deliver(ava, 2) == 200)
    assert limits(pooler) <= USUAL


def test_ava_says_that_the_pooler_is_gone_and_goes_on_when_it_is_back(
    ava: RunningAva, pooler: PgBouncer
) -> None:
    pooler.stop()
    try:
        until(lambda: requests.get(f"{ava.url}/readyz", timeout=60).status_code == 503)
        assert deliver(ava, 3) == 503
    finally:
        pooler.start()
    until(lambda: requests.get(f"{ava.url}/readyz", timeout=60).ok)
    use(ava, 4)
