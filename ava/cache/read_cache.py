"""Read cache: a fresh copy, else a read that is shared, else the last good copy."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Generic

from prometheus_client import Counter

from ava.cache import store
from ava.cache.single_flight import SingleFlight, TooMany
from ava.cache.store import Copy, Key, Store, V

REQUESTS = Counter(
    "ava_cache_requests",
    "Reads by cache and by how they were answered: hit, miss, shared, stale, bypass, refused.",
    ["cache", "result"],
)
MAX_WAITERS = 24  # with one provider's bulkhead they must be fewer than the server's threads
WAIT_SECONDS = 12.0  # seconds; a little more than the deadline of the provider that is read
KEEP_SECONDS = 24 * 3600.0  # after which even the last good copy is forgotten
CLOCKS_DIFFER = 5.0  # seconds
POLL = 0.03

traced: Callable[[str], AbstractContextManager[object]] = nullcontext
"""Surrounds each read of the cache of this name with its span, where tracing is on."""

listeners: list[Callable[[str], None]] = []
"""Called with how a read was answered, as the metric names it."""


@dataclass(frozen=True, slots=True)
class Scope:
    owner: int
    epoch: str  # a new one where not even an old copy may be shown any more
    generation: str  # a new one wherever copies may be wrong; an older one's are never found


@dataclass(frozen=True, slots=True)
class Loaded(Generic[V]):
    """Result of a read. `scope` is None where it only serves when a later read fails."""

    value: V = field(repr=False)
    scope: Scope | None


class ReadCache(Generic[V]):
    """Cache of one kind of read.

    Args:
        name: its label in metrics, and its place in Redis.
        decode: makes a value of its JSON (see `Store`).
        fresh_for: asked at each read; seconds for which a copy answers.
        busy: makes the exception that is raised when too many wait for one read, or one too long.
        places: of callers that wait; caches that read from one source share them.
    """

    def __init__(
        self,
        name: str,
        *,
        decode: Callable[[Any], V],
        fresh_for: Callable[[], float],
        busy: Callable[[], Exception],
        places: BoundedSemaphore | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._name = name
        self._store: Store[V] = Store(name, decode)
        self._fresh_for = fresh_for
        self._busy = busy
        self._wait_seconds = wait_seconds
        self._count = {
            result: REQUESTS.labels(name, result)
            for result in ("hit", "miss", "shared", "stale", "bypass", "refused")
        }
        self._flights: SingleFlight[Copy[V]] = SingleFlight(
            places or BoundedSemaphore(MAX_WAITERS), wait_seconds
        )

    def read(
        self,
        scope: Scope,
        name: str,
        load: Callable[[], Loaded[V]],
        *,
        tolerate: tuple[type[Exception], ...] = (),
    ) -> Copy[V]:
        """A fresh copy, else what `load` brings, else the last good copy.

        One caller at a time loads a name. `tolerate` are failures that an old copy covers.
        """
        with traced(self._name):
            if copy := self.fresh(scope, name):
                self._note("hit")
                return copy
            try:
                return self._share(scope, name, load)
            except tolerate:
                last_good = self.newest(scope, name)
                if last_good is None:
                    raise
                self._note("stale")
                return replace(last_good, stale=True)

    def reload(self, scope: Scope, name: str, load: Callable[[], Loaded[V]]) -> Copy[V]:
        """What `load` brings to this caller, or to another who asked at the same time and whose
        `load` began after this call."""
        with traced(self._name):

            def lead() -> Copy[V]:
                self._note("bypass")
                return self._load(scope, name, load)

            return self._shared(partial(self._flights.share_next, (scope, name, "reload"), lead))

    def fresh(self, scope: Scope, name: str) -> Copy[V] | None:
        """The copy that answers by itself."""
        return self._if_young(self._store.find(_key(scope, name), _address(scope, name)))

    def recent(self, scope: Scope, name: str) -> Copy[V] | None:
        """A young copy of whatever generation, for what no generation changes."""
        address = _address(scope, name)
        return self._if_young(self._store.find(address, address))

    def newest(self, scope: Scope, name: str) -> Copy[V] | None:
        address = _address(scope, name)
        here, shared = self._store.find_here(address), self._store.find_shared(address, address)
        found = max(filter(None, (here, shared)), key=lambda copy: copy.as_of, default=None)
        return found if found is not None and found.age < KEEP_SECONDS else None

    def keep(self, scope: Scope, name: str, value: V, as_of: datetime) -> Copy[V]:
        copy = Copy(value, as_of)
        lives = {_key(scope, name): self._fresh_for(), _address(scope, name): KEEP_SECONDS}
        self._store.put(lives, _address(scope, name), copy)
        return copy

    def clear(self) -> None:
        self._store.clear()

    def _note(self, result: str) -> None:
        self._count[result].inc()
        for listener in listeners:
            listener(result)

    def _share(self, scope: Scope, name: str, load: Callable[[], Loaded[V]]) -> Copy[V]:
        lead = partial(self._lead, scope, name, load)
        return self._shared(partial(self._flights.share, (scope, name), lead))

    def _shared(self, share: Callable[[], tuple[Copy[V], bool]]) -> Copy[V]:
        try:
            copy, shared = share()
        except TooMany:
            self._note("refused")
            raise self._busy() from None
        if shared:
            self._note("shared")
        return copy

    def _lead(self, scope: Scope, name: str, load: Callable[[], Loaded[V]]) -> Copy[V]:
        """Read for this process: what another process reads just now, else from the source."""
        key = _key(scope, name)
        token, how = self._store.lock(key), "hit"
        if token is None:
            token, how = self._wait_for_lock(key, scope, name), "shared"
        try:
            # A read that ended a moment ago may have brought it.
            if copy := self.fresh(scope, name):
                self._note(how)
                return copy
            self._note("miss")
            return self._load(scope, name, load)
        finally:
            self._store.unlock(key, token)

    def _wait_for_lock(self, key: Key, scope: Scope, name: str) -> str:
        """Wait until another process has read, or died. Raises: TooMany."""
        with self._flights.place():
            until = time.monotonic() + self._wait_seconds
            while time.monotonic() < until:
                time.sleep(POLL)
                if self.fresh(scope, name):
                    return ""
                if (token := self._store.lock(key)) is not None:
                    return token
        raise TooMany

    def _load(self, asked: Scope, name: str, load: Callable[[], Loaded[V]]) -> Copy[V]:
        began = store.now()
        loaded = load()
        if loaded.scope is not None:
            return self.keep(loaded.scope, name, loaded.value, began)
        copy, address = Copy(loaded.value, began), _address(asked, name)
        self._store.put({address: KEEP_SECONDS}, address, copy)
        return copy

    def _if_young(self, copy: Copy[V] | None) -> Copy[V] | None:
        # A copy from the future is of unknown age: a clock has gone back.
        is_young = copy is not None and -CLOCKS_DIFFER <= copy.age < self._fresh_for()
        return copy if is_young else None


def _key(scope: Scope, name: str) -> Key:
    return (scope.owner, "fresh", scope.generation, name)


def _address(scope: Scope, name: str) -> Key:
    return (scope.owner, "last", scope.epoch, name)
