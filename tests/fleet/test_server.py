"""Breakers in a server as a person starts it: orders, restarts, and nobody who calls."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from ava.env import BASE_DIR
from tests.redis import RedisServer
from tests.server import RunningAva, until

SETTINGS = "/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture(params=["one worker", "two workers that share Redis"])
def ava(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningAva]:
    if request.param == "one worker":
        with RunningAva(tmp_path / "var") as running:
            yield running
        return
    redis: RedisServer = request.getfixturevalue("redis")
    with RunningAva(tmp_path / "var", WEB_CONCURRENCY="2", REDIS_URL=redis.url) as running:
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


def test_orders_that_no_call_meets_are_obeyed_and_counted_once(ava: RunningAva) -> None:
    assert figures(ava) == (0, 0, 0)
    manage(ava, "breakers", "open", "vapi", "--reason", "repair")
    until(lambda: figures(ava) == (2, 1, 0))
    manage(ava, "breakers", "reset", "vapi", "--reason", "repaired")
    until(lambda: figures(ava) == (0, 1, 1))


def test_the_list_says_that_the_breakers_of_a_new_worker_begin_closed(tmp_path: Path) -> None:
    with RunningAva(tmp_path / "var") as ava:
        ava.login()
        ava.fault(provider="vapi", kind="status", status=500)
        answers = [ava.call("GET", SETTINGS, headers=FRESH).status_code for _ in range(3)]
        assert answers == [502] * 3
        assert (listed(ava)["state"], figures(ava)) == ("open", (2, 1, 0))
        (worker,) = ava.workers()
        os.kill(worker, signal.SIGKILL)
        until(lambda: len(ava.workers() - {worker}) == 1)
        until(lambda: figures(ava)[0] == 0)
        seen = listed(ava)
        told = "a worker started: breakers begin closed"
        assert (seen["state"], seen["reason"]) == ("closed", told)
