"""Calls of one user beside another user's batch of 10,000: `script/bench fairness`.

AVA in one process that also does the jobs, PostgreSQL that syncs each commit, Redis; the sandbox
plays Twilio, apart. One places calls, one after the other: first alone, then while AVA stores and
sends the other's batch, then behind as many due jobs of the other's, which do nothing. Prints the
table and writes it to docs/BENCHMARKS.md.
"""

import copy
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import requests

from benchmarks.comparison import PAGE
from benchmarks.table import versions
from benchmarks.webhooks import OURS, PERSON, due, program
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests import postgres
from tests.redis import RedisServer
from tests.server import PASSWORD, RunningAva

BEGIN, END = "<!-- fairness -->", "<!-- /fairness -->"
MANY, CALLS = 10_000, 40
ENDS = {"completed", "busy", "no-answer", "failed", "canceled"}
_OTHER = f"""
import django
django.setup()
from django.contrib.auth.models import User
User.objects.create_user("other", "other@example.com", "{PASSWORD}")
"""


def main() -> int:
    before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres.running(durable=True) as database,
        RedisServer() as redis,
        served(Path(directory) / "var", database, redis.plain_url) as ava,
    ):
        place(ava, 5)  # what only the first ones pay
        rows = [row("alone", *place(ava, CALLS))]
        with batch(other(ava)):
            rows.append(row(f"beside a batch of {MANY:,}", *place(ava, CALLS)))
        flood(ava)
        rows.append(row(f"behind {MANY:,} due jobs", *place(ava, CALLS)))
        left = due(ava)
    text = "\n".join(
        (
            f"{versions('django', 'psycopg')}. {CALLS} calls each; {left:,} of the due jobs were "
            f"left after the last call. Load average of the machine before: {before:.0f} on "
            f"{os.cpu_count()} cores.",
            "",
            "| a call | until Twilio has it, ms: p50 / longest | until its end is known, ms |",
            "|---|---|---|",
            *rows,
        )
    )
    print(text)
    pattern = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", PAGE.read_text()))
    return 0


@contextmanager
def served(directory: Path, database: str, redis: str) -> Iterator[RunningAva]:
    limits = {"RATE_LIMIT_PER_MINUTE": "1000000", "MALLOC_ARENA_MAX": "1"}
    noop = "from ava import jobs; jobs.register('noop', lambda payload: None)"
    ava = RunningAva(directory, hook=noop, DATABASE_URL=database, REDIS_URL=redis, **limits)
    ava.environment["AVA_PUBLIC_URL"] = ava.url
    ava.start_sandbox()
    with ava:
        ava.order("phone", to=PERSON, behaviour="busy")
        program(ava, "-c", _OTHER)
        yield ava.login()


def place(ava: RunningAva, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds until Twilio had each call, and until AVA knew its end."""
    taken, ended = [], []
    for _ in range(count):
        began = time.monotonic()
        wanted = {"to": PERSON, "from": OURS, "say": "Hello"}
        call = ava.call("POST", "/twilio/calls", json=wanted).json()
        while not call["provider_sid"]:
            call = ava.call("GET", f"/twilio/calls/{call['id']}").json()
        taken.append(1000 * (time.monotonic() - began))
        while call["status"] not in ENDS:
            time.sleep(0.02)
            call = ava.call("GET", f"/twilio/calls/{call['id']}").json()
        ended.append(1000 * (time.monotonic() - began))
    return taken, ended


def other(ava: RunningAva) -> RunningAva:
    """The other's client, with keys of Twilio's."""
    mine = copy.copy(ava)
    mine.session = requests.Session()
    mine.login("other@example.com")
    keys = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    assert mine.call("PUT", "/integrations/twilio/credentials", json=keys).ok
    return mine


@contextmanager
def batch(ava: RunningAva) -> Iterator[None]:
    """A batch, from the moment in which it is asked for, at the quickest pace there is."""
    people = [f"+1415{2_000_000 + number}" for number in range(MANY)]
    wanted = {"recipients": people, "from": OURS, "body": "Hello", "per_minute": 600}
    asked = []

    def ask() -> None:
        asked.append(ava.call("POST", "/twilio/messages/bulk", json=wanted))

    asking = Thread(target=ask)
    asking.start()
    yield
    asking.join()
    assert asked[0].status_code == 201, asked[0].text
    stopped = ava.call("POST", f"/twilio/messages/bulk/{asked[0].json()['id']}/cancel")
    assert stopped.ok, stopped.text


def flood(ava: RunningAva) -> None:
    """Jobs of the other's, all of them due."""
    program(ava, "-m", "benchmarks.work", "defer", "noop", "0", str(MANY), "0", "other")


def row(name: str, taken: list[float], ended: list[float]) -> str:
    cells = (f"{statistics.median(all_):.0f} / {max(all_):.0f}" for all_ in (taken, ended))
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
