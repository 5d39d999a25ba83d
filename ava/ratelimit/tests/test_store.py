"""The sliding window by itself, with a clock that the test moves."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ava.ratelimit.store import SECOND, MemoryStore

LIMIT = 10
WINDOW = 60


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000 * SECOND + 123_456_789

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(window=WINDOW, clock=clock)


def passing(store: MemoryStore, tries: int, key: str = "vapi 192.0.2.7") -> int:
    return sum(store.hit(key, limit=LIMIT).allowed for _ in range(tries))


def test_ten_pass_and_the_eleventh_does_not(store):
    assert passing(store, 15) == 10


def test_no_double_burst_passes_at_the_edge_of_a_minute(store, clock):
    assert passing(store, 1) == 1
    clock.sleep(59)
    assert passing(store, 20) == 9
    clock.sleep(2)
    assert passing(store, 20) == 1


def test_a_refused_hit_does_not_put_off_the_next_one(store, clock):
    passing(store, 10)
    clock.sleep(30)
    assert store.hit("vapi 192.0.2.7", limit=LIMIT).frees_after == 30
    passing(store, 500)
    clock.sleep(30)
    assert passing(store, 1) == 1


def test_the_promised_moment_comes_true_to_the_nanosecond(store, clock):
    passing(store, 10)
    clock.sleep(12.345)
    wait = store.hit("vapi 192.0.2.7", limit=LIMIT).frees_after
    clock.now += round(wait * SECOND) - 1
    assert passing(store, 1) == 0
    clock.now += 1
    assert passing(store, 1) == 1


def test_clients_and_groups_are_counted_apart(store):
    assert passing(store, 15, "vapi 192.0.2.7") == 10
    assert passing(store, 15, "vapi 192.0.2.8") == 10
    assert passing(store, 15, "twilio 192.0.2.7") == 10


def test_after_the_limit_was_lowered_the_wait_is_until_one_really_passes(store, clock):
    for _ in range(10):
        clock.sleep(1)
        passing(store, 1)
    usage = store.hit("vapi 192.0.2.7", limit=4)
    assert not usage.allowed
    assert usage.frees_after == 57
    clock.sleep(57)
    assert store.hit("vapi 192.0.2.7", limit=4).allowed


class TemptingLimit(int):
    """A limit that lets other threads in between looking and counting."""

    def __gt__(self, used: int) -> bool:
        fits = int(self) > used
        time.sleep(0.001)
        return fits


def test_sixteen_threads_get_exactly_ten_through(store):
    start = threading.Barrier(16)

    def burst() -> int:
        start.wait()
        limit = TemptingLimit(LIMIT)
        return sum(store.hit("vapi 192.0.2.7", limit=limit).allowed for _ in range(8))

    with ThreadPoolExecutor(16) as pool:
        runs = [pool.submit(burst) for _ in range(16)]
    assert sum(run.result() for run in runs) == 10


def test_clients_that_stay_away_for_a_minute_take_no_memory(store, clock):
    for host in range(1000):
        passing(store, 3, f"vapi {host}")
    assert len(store) == 1000
    clock.sleep(WINDOW)
    passing(store, 1)
    assert len(store) == 1


def test_a_flood_of_addresses_stays_within_the_capacity(clock):
    store = MemoryStore(window=WINDOW, capacity=100, clock=clock)
    for host in range(10_000):
        store.hit(f"vapi {host}", limit=LIMIT)
    assert len(store) == 100


def test_a_flood_forgets_the_longest_quiet_clients_first(clock):
    store = MemoryStore(window=WINDOW, capacity=3, clock=clock)
    assert passing(store, 1, "vapi 192.0.2.7") == 1
    for host in range(9):
        assert store.hit(f"vapi {host}", limit=LIMIT).allowed
        passing(store, 1)
    assert passing(store, 1) == 0


@given(gaps=st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=80), limit=st.integers(1, 6))
def test_no_minute_ever_holds_more_than_the_limit(gaps: list[int], limit: int):
    clock = Clock()
    store = MemoryStore(window=WINDOW, clock=clock)
    passed: list[int] = []
    for gap in gaps:
        clock.now += gap
        inside = [then for then in passed if then > clock.now - WINDOW * SECOND]
        allowed = store.hit("k", limit=limit).allowed
        assert allowed is (len(inside) < limit)
        if allowed:
            passed.append(clock.now)


def test_forgetting_starts_afresh(store):
    passing(store, 10)
    store.forget()
    assert passing(store, 10) == 10
