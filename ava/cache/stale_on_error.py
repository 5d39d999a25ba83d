"""Cache of one value that is read again now and then, and kept when it cannot be read.

Every provider call asks for the operator's overrides and flags. The database answers a few times a
second for all of them, and while it does not, the last answer stands: it never breaks a call.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")
log = structlog.get_logger("ava.cache.stale_on_error")

FRESH_SECONDS = 0.25


class StaleOnErrorCache(Generic[T]):
    """Calls `read` at most every `seconds`; between and after failures gives the last answer.

    Args:
        read: fetches the value; may raise anything.
        initial: the answer until `read` has once succeeded.
        seconds: how old an answer may be.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        initial: T,
        *,
        seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._read = read
        self._initial = self._value = initial
        self._seconds = seconds
        self._clock = clock
        self._due: float | None = None
        self._expired = 0  # How often; a read that was under way at the time is out of date.
        self._reading = threading.Lock()
        self._noting = threading.Lock()

    def get(self) -> T:
        """The value. While one thread reads anew, the others take the old answer at once."""
        due = self._due
        if due is not None and self._clock() < due:
            return self._value
        # Only the very first answer is worth waiting for.
        if self._reading.acquire(blocking=due is None):
            try:
                if self._due == due:
                    self._renew()
            finally:
                self._reading.release()
        return self._value

    def expire(self) -> None:
        """Read anew at the next question: this process has just changed the value."""
        with self._noting:
            self._expired += 1
            self._due = None

    def forget(self) -> None:
        """Back to the initial answer (tests)."""
        self.expire()
        self._value = self._initial

    def _renew(self) -> None:
        expired = self._expired
        try:
            self._value = self._read()
        except Exception as fault:  # Whatever the database has, the call that asks must go on.
            log.warning(
                "keeping the last known value", value=self._name, reason=type(fault).__name__
            )
        with self._noting:
            if self._expired == expired:
                self._due = self._clock() + self._seconds
