"""Breakers in a server as a person starts it: orders, restarts, and no calls."""

import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from ava.conf.env import BASE_DIR
from tests.pinned import only
from tests.redis import RedisServer
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

SETTINGS = "/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def ava(
    tmp_path_factory: pytest.TempPathFactory, running_redis: RedisServer
) -> Iterator[RunningAva]:
    """Two workers that share Redis."""
    running_redis.flush()
    environment = {"WEB_CONCURRENCY": "2", "REDIS_URL": running_redis.url}
    with RunningAva(tmp_path_factory.mktemp("fleet") / "var", **environment) as running:
        until(lambda: len(running.workers()) == 2)
        yield running


def manage(ava: RunningAva, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env=ava.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def listed(ava: RunningAva) -> dict[str, Any]:
    """Vapi's breaker as `breakers list` has it."""
    (row,) = json.loads(manage(ava, "breakers", "list", "vapi", "--json"))
    return dict(row)


def figures(ava: RunningAva) -> tuple[float, float, float]:
    """Vapi's breaker in the metrics: state, opens and closes."""
    text = requests.get(f"{ava.url}/metrics", timeout=10).text
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("service") == "vapi"
    }
    return (
        found["circuit_breaker_state"],
        found["circuit_breaker_opens_total"],
        found["circuit_breaker_closes_total"],
    )


class Operator:
    """See `tests.fleet.operator`."""

    def __init__(self, ava: RunningAva) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.operator"],
            cwd=BASE_DIR,
            env={**ava.environment, "DJANGO_SETTINGS_MODULE": "ava.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"

    def order(self, what: str) -> float:
        """When it was in the database, in monotonic seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def leave(self) -> None:
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Caller:
    """Asks Vapi through one worker, over and over, on one connection."""

    def __init__(self, ava: RunningAva, pid: int) -> None:
        self._url = f"{ava.url}/api/v1{SETTINGS}"
        self._pinned = only(ava, pid)
        self._session = self._pinned.__enter__()
        self._session.headers.update(FRESH)
        self.call()
        self.calls: list[tuple[float, int]] = []
        self._ending = threading.Event()

    def call(self) -> int:
        return self._session.get(self._url, timeout=30).status_code

    def go_on(self) -> None:
        while not self._ending.is_set():
            began = time.monotonic()
            self.calls.append((began, self.call()))
            time.sleep(0.01)
        self._pinned.__exit__(None, None, None)

    def await_first(self, wanted: int, *, since: float) -> float:
        """When the first call with this answer began, of those that began since then."""

        def found() -> list[float]:
            return [at for at, status in list(self.calls) if status == wanted and at > since]

        until(lambda: bool(found()))
        return min(found())

    def end(self) -> None:
        self._ending.set()


def test_an_order_reaches_both_workers_of_a_server_within_a_tenth_of_a_second(
    ava: RunningAva,
) -> None:
    ava.login()
    callers = [Caller(ava, pid) for pid in ava.workers()]
    operator = Operator(ava)
    delays: list[float] = []
    with ThreadPoolExecutor(len(callers)) as threads:
        ends = [threads.submit(caller.go_on) for caller in callers]
        try:
            for what, wanted in (("open", 503), ("reset", 200)) * 4:
                time.sleep(0.5)
                at = operator.order(what)
                delays += [caller.await_first(wanted, since=at) - at for caller in callers]
        finally:
            operator.leave()
            for caller in callers:
                caller.end()
        assert [end.result() for end in ends] == [None] * len(ends)
    # A machine that has other things to do may be late now and then.
    assert statistics.median(delays) <= 0.1


def test_orders_that_no_call_meets_are_obeyed_and_counted_once(ava: RunningAva) -> None:
    state, opens, closes = figures(ava)
    assert state == 0
    manage(ava, "breakers", "open", "vapi", "--reason", "repair")
    until(lambda: figures(ava) == (2, opens + 1, closes))
    manage(ava, "breakers", "reset", "vapi", "--reason", "repaired")
    until(lambda: figures(ava) == (0, opens + 1, closes + 1))


def test_the_list_says_that_the_breakers_of_a_new_worker_begin_closed(tmp_path: Path) -> None:
    with RunningAva(tmp_path / "var") as ava:
        ava.login()
        ava.fault(provider="vapi", kind="status", status=500)
        answers = [ava.call("GET", SETTINGS, headers=FRESH).status_code for _ in range(3)]
        assert answers == [502] * 3
        assert (listed(ava)["state"], figures(ava)) == ("open", (2, 1, 0))
        (worker,) = ava.workers()
        os.kill(worker, signal.SIGKILL)
        until(lambda: len(ava.workers() - {worker}) == 1 and ava.accepting() == 1)
        until(lambda: figures(ava)[0] == 0)
        seen = listed(ava)
        reason = "a worker started: breakers begin closed"
        assert (seen["state"], seen["reason"]) == ("closed", reason)
