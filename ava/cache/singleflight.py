"""Single flight: of concurrent reads in this process one leads, a bounded number wait for it."""

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Generic, TypeVar

from ava.server import admission

T = TypeVar("T")


class TooMany(Exception):
    """Too many wait already, or one has waited too long."""


class SingleFlight(Generic[T]):
    """Reads under way, by what is read.

    Args:
        places: one for each caller that may wait for another's read, whatever the key.
        wait_seconds: seconds that one waits in this process.
    """

    def __init__(self, places: BoundedSemaphore, wait_seconds: float) -> None:
        self._places = places
        self._wait_seconds = wait_seconds
        self._lock = Lock()
        self._flights: dict[Hashable, Future[T]] = {}

    def share(self, key: Hashable, lead: Callable[[], T]) -> tuple[T, bool]:
        """Result of `lead`, called here or by another thread, and whether it was another.

        Raises:
            TooMany: it is another thread's, and cannot be waited for.
        """
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if leads:
            return self._lead(flight, key, lead), False
        with self.place():
            if not wait([flight], self._wait_seconds).done:
                raise TooMany
        return flight.result(), True

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for those who wait. Raises: TooMany."""
        if not self._places.acquire(blocking=False):
            raise TooMany
        admission.release_place()
        try:
            yield
        finally:
            self._places.release()

    def _lead(self, flight: "Future[T]", key: Hashable, lead: Callable[[], T]) -> T:
        try:
            value = lead()
        except BaseException as failure:  # The followers must not wait for ever.
            self._land(key)
            flight.set_exception(failure)
            raise
        self._land(key)
        flight.set_result(value)
        return value

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]
