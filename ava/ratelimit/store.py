"""Where hits are counted: the protocol, and the store inside one process."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A request as one policy counts it.

    Args:
        limit: hits of this key that any window may hold.
        alone: the same while this process counts for itself, because Redis is lost.
    """

    key: str
    limit: int
    alone: int


@dataclass(frozen=True, slots=True)
class Usage:
    """One key after a call.

    Args:
        allowed: whether this key had room.
        used: hits in the window, this one included when it was counted.
        frees_after: seconds until enough of them have left the window for one more to pass.
    """

    allowed: bool
    limit: int
    used: int
    frees_after: float

    @property
    def remaining(self) -> int:
        """Hits that would pass right now."""
        return max(0, self.limit - self.used)


class Store(Protocol):
    """Counts hits by key over a sliding window."""

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        """Count the hits, all of them if every key has room, else none. Atomic.

        Returns:
            One usage for each hit, in the same order.
        """


class MemoryStore:
    """A log of the times of the counted hits of each key, exact to the nanosecond.

    Memory is bounded: a key goes one window after its last counted hit, and when more than
    `capacity` keys come within one window, the longest quiet ones are forgotten first.

    Args:
        window: seconds.
        capacity: keys held at once; 50,000 with ten hits each take about 20 MB.
        clock: nanoseconds that only grow. Whole numbers, so that a window ends when it says.
    """

    def __init__(
        self,
        *,
        window: int,
        capacity: int = 50_000,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._window = window * SECOND
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        # Ordered by the last counted hit, oldest first.
        self._logs: OrderedDict[str, array[int]] = OrderedDict()

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        return self._judge(hits, counting=True)

    def look(self, hits: Sequence[Hit]) -> list[Usage]:
        """Which keys have room; nothing is counted."""
        return self._judge(hits, counting=False)

    def forget(self) -> None:
        """Drop every count."""
        with self._lock:
            self._logs.clear()

    def __len__(self) -> int:
        """Keys held now."""
        return len(self._logs)

    def _judge(self, hits: Sequence[Hit], *, counting: bool) -> list[Usage]:
        with self._lock:
            now = self._clock()
            self._drop_idle(now)
            logs = [self._log(hit, now) for hit in hits]
            fits = [len(log) < hit.limit for hit, log in zip(hits, logs, strict=True)]
            if counting and all(fits):
                for hit, log in zip(hits, logs, strict=True):
                    self._count(hit, log, now)
            return [self._usage(*one, now) for one in zip(hits, logs, fits, strict=True)]

    def _log(self, hit: Hit, now: int) -> "array[int]":
        """The key's hits inside the window; a new one is not kept before something counts."""
        log = self._logs.get(hit.key)
        if log is None:
            return array("q")
        del log[: bisect_right(log, now - self._window)]
        return log

    def _count(self, hit: Hit, log: "array[int]", now: int) -> None:
        log.append(now)
        self._logs[hit.key] = log
        self._logs.move_to_end(hit.key)
        if len(self._logs) > self._capacity:
            self._logs.popitem(last=False)

    def _usage(self, hit: Hit, log: "array[int]", fits: bool, now: int) -> Usage:
        if not log:
            return Usage(fits, hit.limit, 0, 0.0)
        # After the limit was lowered, more than one hit has to leave first.
        next_to_free = log[max(0, len(log) - hit.limit)]
        return Usage(fits, hit.limit, len(log), (next_to_free + self._window - now) / SECOND)

    def _drop_idle(self, now: int) -> None:
        while self._logs:
            key, log = next(iter(self._logs.items()))
            if log[-1] > now - self._window:
                return
            del self._logs[key]
