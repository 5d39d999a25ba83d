"""A slow source, a clock and caches for the tests of `ava.cache`."""

import threading
from datetime import timedelta

from ava.cache import Loaded, ReadCache, Scope, store

ADA = Scope(1, "epoch", "generation")
NAME = "thing"
WAIT = 10  # seconds; a test that waits this long has failed


class Down(Exception):
    pass


class Busy(Exception):
    pass


def later(monkeypatch, seconds):
    """All copies have become older, wherever they are."""
    monkeypatch.setattr(store, "now", lambda now=store.now: now() + timedelta(seconds=seconds))


class Source:
    """Something slow to read: each read waits until it is let go."""

    def __init__(self, *answers, held=False, scope=ADA):
        self.answers = list(answers)
        self.scope = scope
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
        return Loaded(answer, self.scope)


class Places(threading.BoundedSemaphore):
    @property
    def taken(self):
        return self.__dict__["_initial_value"] - self._value


def begun(pool, cache, source):
    """A read that has reached its source."""
    read = pool.submit(cache.read, ADA, NAME, source)
    assert source.begun.acquire(timeout=WAIT)
    return read


def make(**kwargs):
    """A cache, as one process has it."""
    same = {"name": "test", "decode": lambda value: value}
    options = {**same, "fresh_for": lambda: 300.0, "busy": Busy}
    return ReadCache(**{**options, **kwargs})


def until(condition):
    for _ in range(WAIT * 1000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came true")
