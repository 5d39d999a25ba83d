"""Reads that are slow or may fail, shared and remembered in this process.

A fresh copy answers at once. Concurrent misses make one read: the first leads, a bounded number
wait a bounded time for its result, further ones are refused. The last good copy is kept for when
reading fails.

What a read brings is only kept if nothing newer is known: a read that began before a `drop`, or
under an earlier edition, never replaces what came after it.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import BoundedSemaphore, Lock
from typing import Generic, TypeVar

from prometheus_client import Counter

V = TypeVar("V")
Key = tuple[Hashable, ...]

REQUESTS = Counter(
    "ava_cache_requests",
    "Reads by cache and by how they were answered: hit, miss, shared, stale, bypass, refused.",
    ["cache", "result"],
)

KEEP_SECONDS = 24 * 3600.0
SIZE = 500
FOLLOWERS = 24  # with one provider's bulkhead they must be fewer than the server's threads

PATIENCE = 12.0  # seconds; a little more than the deadline of the provider that is read


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment a read begins: its place in order, on the cache's clock, and on the wall."""

    tick: int
    at: float
    on_the_wall: datetime


@dataclass(frozen=True, slots=True)
class Copy(Generic[V]):
    """What a read brought.

    Attributes:
        as_of: when the read began.
        age: seconds since then.
        stale: whether reading failed just now, and this is the last good copy.
    """

    value: V = field(repr=False)
    as_of: datetime
    age: float
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    edition: int
    mark: Mark


class ReadCache(Generic[V]):
    """Copies by key. A key is a tuple, so that all keys with one beginning drop together.

    Args:
        name: its label in metrics.
        fresh_for: asked at each read; seconds for which a copy answers.
        busy: makes what is raised when too many wait for one read, or one too long.
        keep_for: seconds after which even the last good copy is forgotten.
        size: copies kept; the least recently used goes first.
        places: one for each caller that may wait for another's read, whatever the key; caches
            that read from one source share them.
        patience: seconds that one waits for another's read.
        clock: seconds, never going back.
        now: the time of day.
    """

    def __init__(
        self,
        name: str,
        *,
        fresh_for: Callable[[], float],
        busy: Callable[[], Exception],
        keep_for: float = KEEP_SECONDS,
        size: int = SIZE,
        places: BoundedSemaphore | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._fresh_for = fresh_for
        self._busy = busy
        self._keep_for = keep_for
        self._size = size
        self._places = places or BoundedSemaphore(FOLLOWERS)
        self._patience = patience
        self._clock = clock
        self._now = now
        self._count = {
            result: REQUESTS.labels(name, result)
            for result in ("hit", "miss", "shared", "stale", "bypass", "refused")
        }
        self._lock = Lock()
        self._ticks = itertools.count(1)
        self.forget()

    def forget(self) -> None:
        """Start empty; reads under way are not kept."""
        with self._lock:
            self._entries: OrderedDict[Key, _Entry[V]] = OrderedDict()
            self._flights: dict[tuple[Key, int], Future[_Entry[V]]] = {}
            self._drops: OrderedDict[Key, int] = OrderedDict()
            # Reads that began up to this tick are too old to be kept, whatever their key.
            self._barred = next(self._ticks)

    def read(
        self,
        key: Key,
        load: Callable[[], V],
        *,
        edition: int = 0,
        doubted: bool = False,
        tolerate: tuple[type[Exception], ...] = (),
    ) -> Copy[V]:
        """A fresh copy, else what `load` brings, else the last good copy.

        Args:
            key: what is read.
            load: reads it; runs in at most one caller at a time for a key and edition.
            edition: how often the caller knows it to have changed; a copy of an earlier
                edition is not fresh.
            doubted: whether the caller has reason to believe that no copy is fresh.
            tolerate: failures of `load` that the last good copy, if there is one, may cover.

        Raises: what `load` raises, for everybody who waited for it; what `busy` makes.
        """
        with self._lock:
            entry = self._usable(key)
            if entry is not None and not doubted and self._is_fresh(entry, edition):
                self._entries.move_to_end(key)
                self._count["hit"].inc()
                return self._copy(entry)
            flight = self._flights.get((key, edition))
            if flight is None:
                leads = True
                flight = self._flights[key, edition] = Future()
            else:
                leads = False
        try:
            if not leads:
                return self._copy(self._follow(flight))
            self._count["miss"].inc()
            return self._copy(self._lead(flight, key, load, edition))
        except tolerate:
            with self._lock:
                entry = self._usable(key)
            if entry is None:
                raise
            self._count["stale"].inc()
            return replace(self._copy(entry), stale=True)

    def reload(self, key: Key, load: Callable[[], V], *, edition: int = 0) -> Copy[V]:
        """What `load` brings now, and nothing older; it is kept for later reads.

        Raises: what `load` raises.
        """
        self._count["bypass"].inc()
        return self._copy(self._load(key, load, edition))

    def last_good(self, key: Key) -> Copy[V] | None:
        """The copy there is, without reading, for who knows that reading fails: stale, unless
        it is fresh."""
        with self._lock:
            entry = self._usable(key)
            fresh = entry is not None and self._is_fresh(entry, entry.edition)
        if entry is None:
            return None
        self._count["hit" if fresh else "stale"].inc()
        return replace(self._copy(entry), stale=not fresh)

    def mark(self) -> Mark:
        """Note that a read begins now, for `store`."""
        return Mark(next(self._ticks), self._clock(), self._now())

    def store(self, key: Key, value: V, *, mark: Mark, edition: int = 0) -> None:
        """Keep what was read by other means, unless something newer is known.

        Args:
            mark: taken before the read began.
        """
        self._keep(key, _Entry(value, edition, mark))

    def drop(self, prefix: Key) -> None:
        """Forget every key that begins so, reads under way included."""
        with self._lock:
            for key in [key for key in self._entries if key[: len(prefix)] == prefix]:
                del self._entries[key]
            for flown in [it for it in self._flights if it[0][: len(prefix)] == prefix]:
                # Whoever reads from now on starts a read of its own.
                del self._flights[flown]
            self._drops[prefix] = next(self._ticks)
            self._drops.move_to_end(prefix)
            if len(self._drops) > self._size:
                self._barred = max(self._barred, self._drops.popitem(last=False)[1])

    def _follow(self, flight: "Future[_Entry[V]]") -> _Entry[V]:
        if not self._places.acquire(blocking=False):
            raise self._refusal()
        try:
            if not wait([flight], self._patience).done:
                raise self._refusal()
        finally:
            self._places.release()
        self._count["shared"].inc()
        return flight.result()

    def _refusal(self) -> Exception:
        self._count["refused"].inc()
        return self._busy()

    def _lead(
        self, flight: "Future[_Entry[V]]", key: Key, load: Callable[[], V], edition: int
    ) -> _Entry[V]:
        try:
            entry = self._load(key, load, edition)
        except BaseException as failure:  # The followers must not wait for ever.
            self._land(flight, key, edition)
            flight.set_exception(failure)
            raise
        self._land(flight, key, edition)
        flight.set_result(entry)
        return entry

    def _land(self, flight: "Future[_Entry[V]]", key: Key, edition: int) -> None:
        with self._lock:
            if self._flights.get((key, edition)) is flight:
                del self._flights[key, edition]

    def _load(self, key: Key, load: Callable[[], V], edition: int) -> _Entry[V]:
        mark = self.mark()
        entry = _Entry(load(), edition, mark)
        self._keep(key, entry)
        return entry

    def _keep(self, key: Key, entry: _Entry[V]) -> None:
        with self._lock:
            barred = max(
                self._barred, *(self._drops.get(key[:size], 0) for size in range(len(key) + 1))
            )
            if entry.mark.tick <= barred:
                return
            known = self._entries.get(key)
            if known is not None and _order(known) > _order(entry):
                return
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def _usable(self, key: Key) -> _Entry[V] | None:
        entry = self._entries.get(key)
        if entry is not None and self._clock() - entry.mark.at >= self._keep_for:
            del self._entries[key]
            return None
        return entry

    def _is_fresh(self, entry: _Entry[V], edition: int) -> bool:
        return entry.edition >= edition and self._clock() - entry.mark.at < self._fresh_for()

    def _copy(self, entry: _Entry[V]) -> Copy[V]:
        age = max(0.0, self._clock() - entry.mark.at)
        return Copy(entry.value, as_of=entry.mark.on_the_wall, age=age)


def _order(entry: _Entry[V]) -> tuple[int, int]:
    return entry.edition, entry.mark.tick
