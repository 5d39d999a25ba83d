"""A slow source, a clock and a cache for the tests of `ava.readcache`."""

import threading
from datetime import UTC, datetime, timedelta

from ava.readcache import ReadCache
from ava.readcache.memory import MemoryShelf

KEY = ("ada", "thing")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAIT = 10  # seconds; a test that waits this long has failed


class Down(Exception):
    pass


class Busy(Exception):
    pass


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def now(self):
        return NOON + timedelta(seconds=self.seconds)


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


def make(clock, *, size=500, keep_for=24 * 3600.0, name="test", **kwargs):
    shelf = MemoryShelf(size=size, keep_for=keep_for, clock=clock, now=clock.now)
    options = {"fresh_for": lambda: 300.0, "busy": Busy}
    return ReadCache(name, shelf=shelf, **{**options, **kwargs})


def until(condition):
    for _ in range(WAIT * 1000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came true")
