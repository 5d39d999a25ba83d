"""Circuit store shared through Redis, and what a process does while Redis is lost.

It goes on alone, with a copy of the circuit that it saw last, on Redis' clock as it last knew it.
Its next event that reaches Redis brings in what it has come to know (`states.rejoin`), in the same
step. A write whose answer was lost is looked for then, and its change returned.

A ticket need not know on which side it was handed out: both count generations on from the same
number, and after a change of its own neither side knows the other's.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ava.upstream import states
from ava.upstream.circuit import Change, Circuit, Event
from ava.upstream.redis import CircuitValue, RedisCircuit, RedisUnavailable, connect
from ava.upstream.store import MemoryStore, Store, View

T = TypeVar("T")

# One of those that race wins each time, so no one loses as often as this.
_TRIES = 50


class SharedStore:
    """The circuit that all processes share, or while Redis is lost this process' own.

    Args:
        shared: the circuit in Redis.
        clock: monotonic seconds.
    """

    def __init__(self, shared: RedisCircuit, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._ahead = time.time() - clock()  # seconds by which Redis' clock is ahead of this one
        self._lock = threading.Lock()
        self._seen: Circuit | None = None
        self._alone: MemoryStore | None = None
        self._unanswered: dict[str, tuple[Change, ...]] = {}

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        try:
            return self._apply(event)
        except RedisUnavailable:
            answer, changes = self._part().apply(event)
        return answer, tuple(replace(change, local=True) for change in changes)

    def read(self) -> View:
        seen, alone = self._seen, self._alone
        try:
            if alone is None:
                value = self._shared.read()
                return View(states.rejoin(value.circuit, seen, None)[0], value.now)
        except RedisUnavailable:
            alone = self._part()
        return alone.read()._replace(degraded=True)

    def _apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        # Known before the circuit is read: what is read is no older.
        seen, alone, unanswered = self._seen, self._alone, tuple(self._unanswered)
        own = alone.read().circuit if alone else None
        value = self._shared.read()
        for _ in range(_TRIES):
            circuit, brought = states.rejoin(value.circuit, seen, own)
            circuit, answer, changes = event(circuit, value.now)
            changes = (*brought, *changes)
            # Coming back is a write, too: a replica can be read. And an earlier write that is still
            # under way then comes too late, as it finds another value.
            returns = alone is not None or bool(unanswered)
            if circuit != value.circuit or returns:
                found = self._swap(value, circuit, changes, mark=returns or bool(changes))
                if found.raw != value.raw:
                    value = found
                    continue
            self._see(circuit, value.now, alone)
            return answer, (*self._answered(unanswered, value.writers), *changes)
        raise RedisUnavailable

    def _swap(
        self, value: CircuitValue, circuit: Circuit, changes: tuple[Change, ...], *, mark: bool
    ) -> CircuitValue:
        writer = uuid.uuid4().hex[:12] if mark else ""
        try:
            return self._shared.swap(value, circuit, writer)
        except RedisUnavailable:
            if changes:
                self._unanswered[writer] = changes
            raise

    def _answered(self, marks: tuple[str, ...], writers: tuple[str, ...]) -> tuple[Change, ...]:
        """Changes of the writes that took place after all, for the one thread that asks first."""
        found = [(mark, self._unanswered.pop(mark, ())) for mark in marks]
        return tuple(change for mark, made in found if mark in writers for change in made)

    def _see(self, circuit: Circuit, now: float, alone: MemoryStore | None) -> None:
        with self._lock:
            self._ahead = now - self._clock()
            if self._seen is None or circuit.generation >= self._seen.generation:
                self._seen = circuit
            if self._alone is alone:
                self._alone = None

    def _part(self) -> MemoryStore:
        """Go on alone, from what was seen last."""
        with self._lock:
            if self._alone is None:
                self._alone = MemoryStore(lambda: self._clock() + self._ahead, self._seen)
            return self._alone


def store_for(label: str) -> Store:
    """The store of a service: shared where `REDIS_URL` is set, else in this process."""
    shared = connect(label)
    return MemoryStore() if shared is None else SharedStore(shared)
