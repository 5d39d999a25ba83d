"""Where hits are counted: the protocol, and the store inside one process."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Usage:
    """One key after a hit.

    Args:
        used: hits in the window, this one included when it is allowed.
        frees_after: seconds until enough of them have left the window for one more to pass.
    """

    allowed: bool
    used: int
    frees_after: float


class Store(Protocol):
    """Counts hits by key over a sliding window."""

    def hit(self, key: str, *, limit: int) -> Usage:
        """Count one hit unless `limit` of them lie in the window already. Atomic."""

    def forget(self) -> None:
        """Drop every count."""


class MemoryStore:
    """A log of the times of the counted hits of each key, exact to the nanosecond.

    Memory is bounded: a key goes one window after its last counted hit, and when more than
    `capacity` clients come within one window, the longest quiet ones are forgotten first.

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
        self._hits: OrderedDict[str, array[int]] = OrderedDict()

    def hit(self, key: str, *, limit: int) -> Usage:
        with self._lock:
            now = self._clock()
            self._drop_idle(now)
            hits = self._hits.get(key)
            if hits is None:
                hits = self._hits[key] = array("q")
            del hits[: bisect_right(hits, now - self._window)]
            allowed = len(hits) < limit
            if allowed:
                hits.append(now)
                self._hits.move_to_end(key)
                if len(self._hits) > self._capacity:
                    self._hits.popitem(last=False)
            # After the limit was lowered, more than one hit has to leave first.
            next_to_free = hits[max(0, len(hits) - limit)]
            frees_after = (next_to_free + self._window - now) / SECOND
            return Usage(allowed, len(hits), frees_after)

    def forget(self) -> None:
        with self._lock:
            self._hits.clear()

    def __len__(self) -> int:
        """Keys held now."""
        return len(self._hits)

    def _drop_idle(self, now: int) -> None:
        while self._hits:
            key, hits = next(iter(self._hits.items()))
            if hits[-1] > now - self._window:
                return
            del self._hits[key]
