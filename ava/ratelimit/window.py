"""Moving window in memory: the times of the counted hits of each key, exact to the nanosecond."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """Hits of one key that any window may hold.

    Args:
        name: as clients see it.
        scope: "client" or "user": which of them is counted.
        workers: those who share what is left of it while Redis is lost; None where each of them
            gives the whole limit then.
    """

    key: str
    most: int
    name: str = ""
    scope: str = "client"
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """One key after a call.

    Args:
        allowed: whether this key had room.
        used: hits in the window, this one included when it was counted.
        frees_after: seconds until enough of them have left the window for one more to pass.
    """

    allowed: bool
    used: int
    frees_after: float


class MemoryWindow:
    """Counts of one process.

    Memory is bounded: a key goes one window after its last counted hit, and when more than
    `capacity` keys come within one window, those that were hit longest ago go first.

    Args:
        seconds: of the window.
        capacity: keys held at once; 50,000 with ten hits each take about 20 MB.
        clock: nanoseconds that only grow. Whole numbers, so that a window ends when it says.
    """

    def __init__(
        self,
        seconds: int,
        *,
        capacity: int = 50_000,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._window = seconds * SECOND
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        # Ordered by the last hit, oldest first.
        self._logs: OrderedDict[str, array[int]] = OrderedDict()

    def hit(self, limits: Sequence[Limit]) -> list[Usage]:
        """Count a request under each of the limits, if all of them have room. Atomic."""
        with self._lock:
            now = self._clock()
            oldest = now - self._window
            while self._logs and next(iter(self._logs.values()))[-1] <= oldest:
                self._logs.popitem(last=False)
            logs = [self._log(limit.key, oldest) for limit in limits]
            fits = [len(log) < limit.most for limit, log in zip(limits, logs, strict=True)]
            if all(fits):
                for limit, log in zip(limits, logs, strict=True):
                    log.append(now)
                    self._logs[limit.key] = log
                    self._logs.move_to_end(limit.key)
                while len(self._logs) > self._capacity:
                    self._logs.popitem(last=False)
            return [
                Usage(fit, len(log), _frees(limit, log, oldest))
                for fit, limit, log in zip(fits, limits, logs, strict=True)
            ]

    def forget(self) -> None:
        """Drop every count."""
        with self._lock:
            self._logs.clear()

    def __len__(self) -> int:
        """Keys held now."""
        return len(self._logs)

    def _log(self, key: str, oldest: int) -> "array[int]":
        """The key's hits inside the window; a new log is not kept before something counts."""
        log = self._logs.get(key)
        if log is None:
            return array("q")
        del log[: bisect_right(log, oldest)]
        return log


def _frees(limit: Limit, log: "array[int]", oldest: int) -> float:
    # After the limit was lowered, more than one hit has to leave first.
    leaves = max(0, len(log) - limit.most)
    return (log[leaves] - oldest) / SECOND if leaves < len(log) else 0.0
