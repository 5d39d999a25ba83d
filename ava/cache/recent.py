"""Values of the database that a process remembers for a second: docs/adr/0014.

A change made in this process is seen at once. With Redis one made in any process is: it leaves a
mark there, which the rate limit's script reads for each request.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from uuid import uuid4

from django.db import transaction

from ava.redis import RedisUnavailable, get_client

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SECONDS = 1.0
"""Seconds for which a value is remembered."""

RENEWED_AFTER = 0.8
"""Seconds; then a request that has to ask for one value asks for all that it needs, so that those
after it find them together."""

CAPACITY = 10_000

clock = time.monotonic

# In the limit's slot of a cluster, so that one script reads both.
MARK = "ava:{ratelimit}:changed"
# Longer than anything is remembered.
_MARK_MILLISECONDS = 10_000


class _State:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changes = 0
        self.mark: bytes | None = None
        self.memories: list[RecentValues[object, object]] = []


class RecentValues(Generic[K, V]):
    """Values by key; beyond `CAPACITY` the one that was read longest ago goes."""

    def __init__(self) -> None:
        self._values: dict[K, tuple[float, V]] = {}
        _state.memories.append(self)  # type: ignore[arg-type]  # only ever cleared there

    def get(self, key: K) -> V | None:
        """The value, if it was read within the last second and nothing has changed since."""
        return self._within(SECONDS, key)

    def get_or_read(self, key: K, read: Callable[[], V]) -> V:
        """The value as it is remembered, unless it is nothing or soon forgotten; else as `read`
        finds it."""
        return self._within(RENEWED_AFTER, key) or self.read(key, read)

    def read(self, key: K, read: Callable[[], V]) -> V:
        """The value as `read` finds it; it is remembered, unless something changed meanwhile."""
        began, changes = clock(), _state.changes
        value = read()
        with _state.lock:
            if changes == _state.changes:
                self._values.pop(key, None)
                self._values[key] = began, value
                if len(self._values) > CAPACITY:
                    del self._values[next(iter(self._values))]
        return value

    def _within(self, seconds: float, key: K) -> V | None:
        found = self._values.get(key)
        return found[1] if found and clock() - found[0] < seconds else None

    def drop(self, key: K) -> None:
        with _state.lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        self._values.clear()


_state = _State()


def changed() -> None:
    """Invalidate all values: in this process from now on, in all processes after the commit."""
    forget()
    transaction.on_commit(_announce)


def compare(mark: bytes | None) -> None:
    """Forget everything where the mark that Redis holds is a new one."""
    if mark != _state.mark:
        # In this order: a thread that finds the new mark here finds nothing older remembered.
        forget()
        _state.mark = mark


def version() -> int:
    """Number that grows with each change that this process knows of."""
    return _state.changes


def forget() -> None:
    with _state.lock:
        _state.changes += 1
        for memory in _state.memories:
            memory.clear()


def _announce() -> None:
    forget()
    client = get_client()
    if client is not None:
        with contextlib.suppress(RedisUnavailable):  # others see it within a second
            client.command("SET", MARK, uuid4().hex, "PX", _MARK_MILLISECONDS)
