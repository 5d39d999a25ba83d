"""Circuit store protocol, and the store in this process' memory."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from ava.upstream.circuit import Change, Circuit, Event

T = TypeVar("T")


class View(NamedTuple):
    """A circuit as it was read.

    Attributes:
        now: seconds on the store's clock.
        degraded: this process' own circuit, because it cannot reach Redis.
    """

    circuit: Circuit
    now: float
    degraded: bool = False


class Store(Protocol):
    """Where one breaker keeps its circuit.

    A `Change` goes to the caller who made it and to no other, so that each change is counted,
    logged and stored exactly once, however many share the store.
    """

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        """Apply an event, atomically. Returns its answer and what it changed."""

    def read(self) -> View:
        """Read, and change nothing."""


class MemoryStore:
    """A circuit behind a lock that is held for one event, never during a call.

    Args:
        clock: seconds.
        circuit: to begin with.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, circuit: Circuit | None = None
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._circuit = circuit or Circuit()

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        with self._lock:
            self._circuit, answer, changes = event(self._circuit, self._clock())
        return answer, changes

    def read(self) -> View:
        with self._lock:
            return View(self._circuit, self._clock())
