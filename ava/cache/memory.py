"""Copies in this process."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Generic

from ava.cache.store import KEEP_SECONDS, Found, Key, Look, Mark, V, is_fresh

SIZE = 500


@dataclass(frozen=True, slots=True)
class Entry(Generic[V]):
    """A value, and where its read stands."""

    value: V
    edition: int
    mark: Mark

    @property
    def order(self) -> tuple[int, int]:
        """The greater one is newer."""
        return self.edition, self.mark.tick


class MemoryStore(Generic[V]):
    """A store for this process alone.

    Args:
        keep_for: seconds after which even the last good copy is forgotten.
        size: copies kept; the least recently used goes first.
        clock: seconds, never going back.
        now: the time of day.
    """

    def __init__(
        self,
        *,
        keep_for: float = KEEP_SECONDS,
        size: int = SIZE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keep_for = keep_for
        self._size = size
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._ticks = itertools.count(1)
        self._barred = 0
        self.forget()

    def look(self, key: Key) -> Look[V]:
        entry = self.entry(key)
        return Look(self._found(entry) if entry else None, self._barrier(key))

    def entry(self, key: Key) -> Entry[V] | None:
        """What `look` shows, with its mark."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if self._clock() - entry.mark.at >= self._keep_for:
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return entry

    def mark(self, key: Key) -> Mark:
        return Mark(next(self._ticks), self._clock(), self._now())

    def claim(
        self, key: Key, *, edition: int, fresh_for: float, awaited: int | None
    ) -> Mark | Found[V]:
        # A read that ended a moment ago may have brought it.
        found = self.look(key).found
        if found is not None and is_fresh(found, edition, fresh_for):
            return found
        return self.mark(key)

    def put(self, key: Key, value: V, *, mark: Mark, edition: int) -> Found[V]:
        entry = Entry(value, edition, mark)
        with self._lock:
            known = self._entries.get(key)
            if mark.tick > self._barrier(key) and (known is None or known.order <= entry.order):
                self._entries[key] = entry
                self._entries.move_to_end(key)
                while len(self._entries) > self._size:
                    self._entries.popitem(last=False)
        return self._found(entry)

    def abandon(self, key: Key, mark: Mark, *, edition: int) -> None:
        """Nobody else knows of it."""

    def discard(self, key: Key, entry: Entry[V]) -> None:
        """Take one copy away, if it is still that one."""
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def drop(self, prefix: Key) -> None:
        with self._lock:
            for key in [key for key in self._entries if key[: len(prefix)] == prefix]:
                del self._entries[key]
            self._drops[prefix] = next(self._ticks)
            self._drops.move_to_end(prefix)
            if len(self._drops) > self._size:
                self._barred = max(self._barred, self._drops.popitem(last=False)[1])

    def forget(self) -> None:
        with self._lock:
            self._entries: OrderedDict[Key, Entry[V]] = OrderedDict()
            self._drops: OrderedDict[Key, int] = OrderedDict()
            # Reads that began up to this tick are too old to be kept, whatever their key.
            self._barred = next(self._ticks)

    def _barrier(self, key: Key) -> int:
        """The tick of the last drop that reached this key."""
        beginnings = (key[:size] for size in range(len(key) + 1))
        return max(self._barred, *(self._drops.get(prefix, 0) for prefix in beginnings))

    def _found(self, entry: Entry[V]) -> Found[V]:
        age = max(0.0, self._clock() - entry.mark.at)
        return Found(entry.value, entry.edition, as_of=entry.mark.on_the_wall, age=age)
