"""Single flight: a read that many ask for at once is made once, and few may wait for it."""

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
    """Reads under way in this process: one leads, as many as there are `places` wait for it."""

    def __init__(self, places: BoundedSemaphore, wait_seconds: float) -> None:
        self._places = places
        self._wait_seconds = wait_seconds
        self._lock = Lock()
        self._flights: dict[Hashable, Future[T]] = {}
        self._next: dict[Hashable, Future[T]] = {}

    def share(self, key: Hashable, lead: Callable[[], T]) -> tuple[T, bool]:
        """Result of `lead`, and whether another thread called it. Raises: TooMany."""
        flight, leads = self._join(self._flights, key)
        if leads:
            return self._lead(flight, key, lead), False
        with self.place():
            return self._result(flight), True

    def share_next(self, key: Hashable, lead: Callable[[], T]) -> tuple[T, bool]:
        """As `share`, with a call of `lead` that begins after this one: who comes while one is
        under way shares the one after it. Of any number at once two are made."""
        with self._lock:
            earlier = self._flights.get(key)
        if earlier is None:
            return self.share(key, lead)
        with self.place():
            flight, leads = self._join(self._next, key)
            if not leads:
                return self._result(flight), True
            is_over = bool(wait([earlier], self._wait_seconds).done)
        with self._lock:
            del self._next[key]
            if is_over:
                self._flights.setdefault(key, flight)
        if not is_over:
            flight.set_exception(TooMany())
            raise TooMany
        return self._lead(flight, key, lead), False

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

    def _join(
        self, flights: "dict[Hashable, Future[T]]", key: Hashable
    ) -> "tuple[Future[T], bool]":
        """The flight of this key, and whether it is a new one."""
        with self._lock:
            flight = flights.get(key)
            if flight is not None:
                return flight, False
            flight = flights[key] = Future()
            return flight, True

    def _result(self, flight: "Future[T]") -> T:
        if not wait([flight], self._wait_seconds).done:
            raise TooMany
        return flight.result()

    def _lead(self, flight: "Future[T]", key: Hashable, lead: Callable[[], T]) -> T:
        try:
            value = lead()
        except BaseException as failure:  # The followers must not wait for ever.
            self._land(key, flight)
            flight.set_exception(failure)
            raise
        self._land(key, flight)
        flight.set_result(value)
        return value

    def _land(self, key: Hashable, flight: "Future[T]") -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
