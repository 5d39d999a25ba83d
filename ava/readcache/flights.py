"""Concurrent reads of one thing in this process: one leads, a bounded number wait for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Generic

from ava.readcache.shelf import Key, V


class TooMany(Exception):
    """Too many wait already, or one has waited too long."""


class Flights(Generic[V]):
    """Reads under way, by key and edition.

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
        self._flights: dict[tuple[Key, int], Future[V]] = {}

    def share(self, key: Key, edition: int, lead: Callable[[], V]) -> V:
        """What `lead` brings, called here or by another thread.

        Raises:
            TooMany: it is another thread's, and cannot be waited for.
            Exception: whatever `lead` raised, for everybody who waited for it.
        """
        with self._lock:
            flight = self._flights.get((key, edition))
            leads = flight is None
            if flight is None:
                flight = self._flights[key, edition] = Future()
        if leads:
            return self._lead(flight, key, edition, lead)
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
        try:
            yield
        finally:
            self._places.release()

    def drop(self, prefix: Key) -> None:
        """Whoever reads what begins so from now on starts a read of its own."""
        with self._lock:
            for flown in [it for it in self._flights if it[0][: len(prefix)] == prefix]:
                del self._flights[flown]

    def _lead(self, flight: "Future[V]", key: Key, edition: int, lead: Callable[[], V]) -> V:
        try:
            value = lead()
        except BaseException as failure:  # The followers must not wait for ever.
            self._land(flight, key, edition)
            flight.set_exception(failure)
            raise
        self._land(flight, key, edition)
        flight.set_result(value)
        return value

    def _land(self, flight: "Future[V]", key: Key, edition: int) -> None:
        with self._lock:
            if self._flights.get((key, edition)) is flight:
                del self._flights[key, edition]
