"""Window in memory: its bounded memory, and its threads."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory

from ava import ratelimit
from ava.ratelimit.tests.clock import Clock
from ava.ratelimit.window import Limit, MemoryWindow

LIMIT = 10
WINDOW = 60


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> MemoryWindow:
    return MemoryWindow(WINDOW, clock=clock)


def passing(
    window: MemoryWindow, tries: int, key: str = "vapi 192.0.2.7", limit: int = LIMIT
) -> int:
    return sum(window.hit([Limit(key, limit)])[0].allowed for _ in range(tries))


class TemptingLimit(int):
    """A limit that lets other threads in between looking and counting."""

    def __gt__(self, used: int) -> bool:
        fits = int(self) > used
        time.sleep(0.001)
        return fits


def test_no_thread_comes_between_looking_and_counting(window):
    start = threading.Barrier(16)

    def burst() -> int:
        start.wait()
        return passing(window, 8, limit=TemptingLimit(LIMIT))

    with ThreadPoolExecutor(16) as pool:
        runs = [pool.submit(burst) for _ in range(16)]
    assert sum(run.result() for run in runs) == 10


def test_clients_that_stay_away_for_a_minute_take_no_memory(window, clock):
    for host in range(1000):
        passing(window, 3, f"vapi {host}")
    assert len(window) == 1000
    clock.sleep(WINDOW)
    passing(window, 1)
    assert len(window) == 1


def test_a_request_refused_by_one_limit_takes_no_memory_in_another(window):
    passing(window, 10)
    for user in range(100):
        window.hit([Limit("vapi 192.0.2.7", LIMIT), Limit(f"vapi-user {user}", 60)])
    assert len(window) == 1


def test_a_flood_of_addresses_stays_within_the_capacity(clock):
    window = MemoryWindow(WINDOW, capacity=100, clock=clock)
    for host in range(10_000):
        passing(window, 1, f"vapi {host}")
    assert len(window) == 100


def test_a_flood_forgets_the_longest_quiet_clients_first(clock):
    window = MemoryWindow(WINDOW, capacity=3, clock=clock)
    assert passing(window, 1) == 1
    for host in range(9):
        assert passing(window, 1, f"vapi {host}") == 1
        passing(window, 1)
    assert passing(window, 1) == 0


def test_a_process_forked_while_a_thread_counts_has_a_limiter_of_its_own():
    request = RequestFactory().get("/")
    for _ in range(10):
        ratelimit.check(request, "vapi")
    with ratelimit._own._lock:
        child = os.fork()
        if child == 0:
            # Whatever happens, nothing of pytest goes on in here.
            signal.alarm(10)
            os._exit(1 if ratelimit.check(request, "vapi").problem else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert ratelimit.check(request, "vapi").problem
