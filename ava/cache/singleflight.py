"""Concurrent reads of one thing in this process: one leads, a bounded number wait for it."""

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Generic

from ava.cache.store import V
from ava.server import admission


class TooMany(Exception):
    """Too many wait already, or one has waited too long."""


class SingleFlight(Generic[V]):
    """Reads under way, by whatever makes two of them the same.

    Args:
        places: one for each caller that may wait for another's read, whatever the key.
        patience: seconds that one waits in this process.
        shared: told of everybody who got what another's read came to.
    """

    def __init__(
        self, places: BoundedSemaphore, patience: float, shared: Callable[[], None]
    ) -> None:
        self._places = places
        self._patience = patience
        self._shared = shared
        self._lock = Lock()
        self._flights: dict[Hashable, Future[V]] = {}

    def share(self, key: Hashable, lead: Callable[[], V]) -> V:
        """What `lead` brings, called here or by another thread.

        Raises:
            TooMany: it is another thread's, and cannot be waited for.
            Exception: whatever `lead` raised, for everybody who waited for it.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if leads:
            return self._lead(flight, key, lead)
        with self.place():
            if not wait([flight], self._patience).done:
                raise TooMany
        if not isinstance(flight.exception(), TooMany):
            self._shared()
        return flight.result()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be one of those who wait. Raises: TooMany."""
        if not self._places.acquire(blocking=False):
            raise TooMany
        admission.waiting()
        try:
            yield
        finally:
            self._places.release()

    def _lead(self, flight: "Future[V]", key: Hashable, lead: Callable[[], V]) -> V:
        try:
            value = lead()
        except BaseException as failure:  # The followers must not wait for ever.
            self._land(flight, key)
            flight.set_exception(failure)
            raise
        self._land(flight, key)
        flight.set_result(value)
        return value

    def _land(self, flight: "Future[V]", key: Hashable) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
