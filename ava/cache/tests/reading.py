"""A slow source, a clock and a cache for the tests of `ava.cache`."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from ava.cache import Envelope, FleetStore, ReadCache
from ava.cache.memory import MemoryStore

KEY = ("ada", "thing")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAIT = 10  # seconds; a test that waits this long has failed


class Down(Exception):
    pass


class Busy(Exception):
    pass


class Clock:
    """Time as it passes for copies in this process."""

    where = "memory"

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def store(self, **options):
        return MemoryStore(clock=self, now=self.now, **options)

    def ago(self, moment):
        return (self.now() - moment).total_seconds()

    def near(self, seconds):
        return seconds


class FleetClock:
    """Time as it passes for copies in Redis: moving on makes them older."""

    where = "fleet"

    def __init__(self, redis):
        self.client = redis.client
        self._seconds = 0.0

    @property
    def seconds(self):
        return self._seconds

    @seconds.setter
    def seconds(self, seconds):
        age_copies(self.client, seconds - self._seconds)
        self._seconds = seconds

    def now(self):
        return datetime.now(UTC)

    def store(self):
        return FleetStore("test", Envelope("test", lambda value: value, lambda value: value))

    def ago(self, moment):
        return (self.now() - moment).total_seconds()

    def near(self, seconds):
        return pytest.approx(seconds, abs=5)


class Source:
    """Something slow to read: each read waits until it is let go."""

    def __init__(self, *answers, held=False):
        self.answers = list(answers)
        self.reads = 0
        self.begun = threading.Semaphore(0)
        self.go = threading.Event()
        if not held:
            self.go.set()

    def __call__(self):
        answer = self.answers[min(self.reads, len(self.answers) - 1)]
        self.reads += 1
        self.begun.release()
        assert self.go.wait(WAIT)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Places(threading.BoundedSemaphore):
    @property
    def taken(self):
        return self._initial_value - self._value


def age_copies(client, seconds):
    """All copies in Redis have become older."""
    for name in client.scan_iter("ava:{copies:*"):
        if client.hexists(name, "blob"):
            client.hincrby(name, "at", round(-1_000_000 * seconds))
            client.pexpire(name, client.pttl(name) - round(1000 * seconds))


def begun(pool, cache, source, **kwargs):
    """A read that has reached its source."""
    read = pool.submit(cache.read, KEY, source, **kwargs)
    assert source.begun.acquire(timeout=WAIT)
    return read


def make(clock, /, *, name="test", store=None, **kwargs):
    options = {"fresh_for": lambda: 300.0, "busy": Busy}
    return ReadCache(name, store=store or clock.store(), **{**options, **kwargs})


def until(condition):
    for _ in range(WAIT * 1000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came true")
