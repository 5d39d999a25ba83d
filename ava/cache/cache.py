"""A fresh copy, else a read that is shared, else the last good copy."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Generic

from prometheus_client import Counter

from ava.cache.singleflight import SingleFlight, TooMany
from ava.cache.store import Found, Key, Mark, Pending, Store, V, is_fresh

REQUESTS = Counter(
    "ava_cache_requests",
    "Reads by cache and by how they were answered: hit, miss, shared, stale, bypass, refused.",
    ["cache", "result"],
)

FOLLOWERS = 24  # with one provider's bulkhead they must be fewer than the server's threads

PATIENCE = 12.0  # seconds; a little more than the deadline of the provider that is read

LATE = 4.0
"""Seconds. Who has waited this long for a read of another process, and it failed, begins none of
its own: a hanging provider would hold the thread twice. More than a dead reader's lease."""

POLL = 0.03


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


class ReadCache(Generic[V]):
    """Copies by key.

    Args:
        name: its label in metrics.
        store: where copies are kept.
        fresh_for: asked at each read; seconds for which a copy answers.
        busy: makes what is raised when too many wait for one read, or one too long.
        places: one for each caller that may wait for another's read, whatever the key; caches
            that read from one source share them.
        patience: seconds that one waits for another's read.
        clock: monotonic seconds.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        store: Store[V],
        fresh_for: Callable[[], float],
        busy: Callable[[], Exception],
        places: BoundedSemaphore | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._fresh_for = fresh_for
        self._busy = busy
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._count = {
            result: REQUESTS.labels(name, result)
            for result in ("hit", "miss", "shared", "stale", "bypass", "refused")
        }
        self._single_flight: SingleFlight[Found[V]] = SingleFlight(
            places or BoundedSemaphore(FOLLOWERS), patience, self._count["shared"].inc
        )

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

        Raises: what `load` raises, for everybody in this process who waited for it; what `busy`
            makes.
        """
        fresh_for = 0.0 if doubted else self._fresh_for()
        seen = self._store.look(key)
        if seen.found is not None and is_fresh(seen.found, edition, fresh_for):
            self._count["hit"].inc()
            return _copy(seen.found)
        try:
            # Nobody joins a read that began before a drop, here or in another process.
            return _copy(
                self._share(
                    (key, edition, seen.order), lambda: self._lead(key, load, edition, fresh_for)
                )
            )
        except tolerate:
            found = self._store.look(key).found
            if found is None:
                raise
            self._count["stale"].inc()
            return _copy(found, stale=True)

    def reload(self, key: Key, load: Callable[[], V], *, edition: int = 0) -> Copy[V]:
        """What `load` brings now, and nothing older; it is kept for later reads.

        Raises: what `load` raises.
        """
        self._count["bypass"].inc()
        mark = self._store.mark(key)
        return _copy(self._store.put(key, load(), mark=mark, edition=edition))

    def last_good(self, key: Key) -> Copy[V] | None:
        """The copy there is, without reading, for who knows that reading fails: stale, unless
        it is fresh."""
        found = self._store.look(key).found
        if found is None:
            return None
        fresh = is_fresh(found, found.edition, self._fresh_for())
        self._count["hit" if fresh else "stale"].inc()
        return _copy(found, stale=not fresh)

    def mark(self, key: Key) -> Mark:
        """Note that a read begins now, for `store` under this key or one that begins so."""
        return self._store.mark(key)

    def store(self, key: Key, value: V, *, mark: Mark, edition: int = 0) -> None:
        """Keep what was read by other means, unless something newer is known.

        Args:
            mark: taken before the read began.
        """
        self._store.put(key, value, mark=mark, edition=edition)

    def drop(self, prefix: Key) -> None:
        """Forget every key that begins so, reads under way included.

        Args:
            prefix: at least the first part of a key.
        """
        self._store.drop(prefix)

    def forget(self) -> None:
        """Start empty in this process; reads under way are not kept."""
        self._store.forget()

    def _share(self, flight: Hashable, lead: Callable[[], Found[V]]) -> Found[V]:
        try:
            return self._single_flight.share(flight, lead)
        except TooMany:
            self._count["refused"].inc()
            raise self._busy() from None

    def _lead(self, key: Key, load: Callable[[], V], edition: int, fresh_for: float) -> Found[V]:
        """Read for this process: what another process reads just now, else from the source."""
        turn = self._store.claim(key, edition=edition, fresh_for=fresh_for, awaited=None)
        how = "hit"
        if isinstance(turn, Pending):
            turn, how = self._await(key, turn, edition, fresh_for), "shared"
        if isinstance(turn, Found):
            self._count[how].inc()
            return turn
        self._count["miss"].inc()
        try:
            value = load()
        except BaseException:
            self._store.abandon(key, turn, edition=edition)
            raise
        return self._store.put(key, value, mark=turn, edition=edition)

    def _await(self, key: Key, turn: Pending, edition: int, fresh_for: float) -> Mark | Found[V]:
        """Wait for another process. Raises: TooMany."""
        began = self._clock()
        with self._single_flight.place():
            while self._clock() - began < self._patience:
                self._sleep(POLL)
                next_turn = self._store.claim(
                    key, edition=edition, fresh_for=fresh_for, awaited=turn.tick
                )
                if not isinstance(next_turn, Pending):
                    break
                turn = next_turn
            else:
                raise TooMany
        if isinstance(next_turn, Mark) and self._clock() - began > LATE:
            self._store.abandon(key, next_turn, edition=edition)
            raise TooMany
        return next_turn


def _copy(found: Found[V], *, stale: bool = False) -> Copy[V]:
    return Copy(found.value, as_of=found.as_of, age=found.age, stale=stale)
