"""A worker dies and cannot be replaced as usual: AVA goes on whole or ends, never by half."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.redis import RedisServer
from tests.server import RunningAva, alive, until

pytestmark = pytest.mark.slow

NO_LOG = """
import os
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
"""

NO_THIRD_FORK = """
import itertools, os
fork, forks = os.fork, itertools.count(1)
def limited():
    if next(forks) > 2:
        raise BlockingIOError(11, "no more processes")
    return fork()
os.fork = limited
"""


@contextmanager
def two_workers(directory: Path, hook: str) -> Iterator[RunningAva]:
    with (
        RedisServer() as redis,
        RunningAva(directory / "var", hook=hook, REDIS_URL=redis.url, WEB_CONCURRENCY="2") as ava,
    ):
        until(lambda: ava.accepting() == 2)
        yield ava


def test_a_log_on_a_full_disk_keeps_no_worker_from_being_replaced(tmp_path: Path) -> None:
    with two_workers(tmp_path, NO_LOG) as ava:
        requests.get(f"{ava.url}/nowhere", timeout=10)
        before = ava.workers()
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(ava.workers() - before) == 1 and ava.accepting() == 2)
        assert ava.stop() == 0


def test_ava_ends_where_no_process_can_be_forked(tmp_path: Path) -> None:
    with two_workers(tmp_path, NO_THIRD_FORK) as ava:
        others = ava.workers()
        os.kill(min(others), signal.SIGKILL)
        until(lambda: ava.process.poll() is not None)
        assert ava.process.returncode != 0
        assert not any(map(alive, others))
