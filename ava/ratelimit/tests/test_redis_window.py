"""The limit of several processes over a real Redis: exact, and there when Redis is not."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ava.ratelimit import limits_of
from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.tests.hammer import OF_ALL, OF_ONE, WINDOW, Pass, hammer
from ava.ratelimit.window import Limit, MemoryWindow
from ava.redis import RedisClient
from tests.redis import RedisServer

PROCESSES = 8
CLIENT = "192.0.2.7"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def client(redis: RedisServer) -> Iterator[RedisClient]:
    made = RedisClient(redis.url)
    yield made
    made.close()


class Process:
    """The limiter as one of several processes has it."""

    def __init__(self, client: RedisClient) -> None:
        self.client = client
        self.window = SharedWindow(60, MemoryWindow(60))

    def passing(self, tries: int, group: str = "vapi") -> int:
        limits = limits_of(group, client=CLIENT, user=None)
        return sum(self.window.hit(self.client, limits)[0].allowed for _ in range(tries))


@pytest.fixture
def processes(client: RedisClient) -> tuple[Process, Process]:
    return Process(client), Process(client)


def back(client: RedisClient) -> None:
    give_up = time.monotonic() + 20
    while client.lost:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def crowded(passes: list[Pass], limit: int) -> list[Pass]:
    """Passes that certainly lie with more than `limit` in one window."""
    passes = sorted(passes)
    return [
        first
        for first, *rest in (passes[n : n + limit + 1] for n in range(len(passes) - limit))
        if max(answered for _, answered in rest) - first[0] < WINDOW
    ]


@pytest.mark.slow
def test_no_window_is_overfilled_by_eight_processes_of_sixteen_threads(redis):
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        jobs = [(redis.url, number, 3.0) for number in range(PROCESSES)]
        passes = pool.starmap(hammer, jobs, chunksize=1)
    everything = [one for found in passes for one in found]
    assert crowded(everything, OF_ALL) == []
    assert [crowded(found, OF_ONE) for found in passes] == [[]] * PROCESSES
    # And none is refused for nothing: they hit for three windows at least.
    assert len(everything) >= 2 * OF_ALL


def test_two_processes_share_one_limit(processes):
    here, there = processes
    assert here.passing(6) == 6
    assert there.passing(9) == 4
    assert here.passing(5) == 0


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_lost_redis_fails_no_request_and_each_process_counts_for_itself(redis, processes, how):
    here, there = processes
    assert here.passing(3) == 3
    getattr(redis, how)()
    assert here.passing(15) == 10
    assert there.passing(15) == 10


def test_while_redis_is_lost_the_workers_of_a_machine_give_no_more_logins_together(
    redis, processes, settings: Any, monkeypatch
):
    monkeypatch.setitem(settings.ENV, "WEB_CONCURRENCY", 2)
    redis.stop()
    assert [process.passing(15, "auth") for process in processes] == [5, 5]
    assert [process.passing(15, "an_open_group") for process in processes] == [10, 10]


def test_workers_that_part_give_their_share_of_what_was_left(
    redis, processes, settings: Any, monkeypatch
):
    monkeypatch.setitem(settings.ENV, "WEB_CONCURRENCY", 2)
    here, there = processes
    assert here.passing(5, "auth") == 5
    assert there.passing(1, "auth") == 1
    redis.stop()
    # One saw 5 left of 10, the other 4.
    assert [process.passing(15, "auth") for process in processes] == [2, 2]


def test_who_saw_nothing_left_gives_nothing(redis, processes, settings: Any, monkeypatch):
    monkeypatch.setitem(settings.ENV, "WEB_CONCURRENCY", 2)
    here, there = processes
    assert here.passing(10, "auth") == 10
    assert there.passing(1, "auth") == 0
    redis.stop()
    assert [process.passing(15, "auth") for process in processes] == [0, 0]


def test_each_worker_of_many_gives_at_least_one_login(redis, processes, settings: Any, monkeypatch):
    monkeypatch.setitem(settings.ENV, "WEB_CONCURRENCY", 64)
    redis.stop()
    assert processes[0].passing(15, "auth") == 1


def test_the_shared_counts_hold_again_when_redis_is_back(redis, client, processes):
    here, there = processes
    assert here.passing(10) == 10
    redis.freeze()
    assert there.passing(4) == 4
    redis.thaw()
    back(client)
    assert there.passing(5) == 0


def test_no_thread_waits_for_a_redis_that_hangs_in_the_middle_of_load(redis):
    client = RedisClient(redis.plain_url)
    window = SharedWindow(60, MemoryWindow(60))
    start = threading.Barrier(16)

    def run(number: int) -> float:
        start.wait()
        longest = 0.0
        for turn in range(60):
            if number == 0 and turn == 20:
                redis.freeze()
            started = time.monotonic()
            window.hit(client, [Limit(f"vapi {number}", 100)])
            longest = max(longest, time.monotonic() - started)
        return longest

    with ThreadPoolExecutor(16) as pool:
        assert max(pool.map(run, range(16))) < 1
    assert client.lost
    client.close()
