"""Log lines that would repeat: one in so many seconds, with the number of those left out."""

import threading
import time
from collections.abc import Callable, Hashable


class Repeats:
    """Lines of one place in the code.

    Args:
        seconds: between two lines of one key. Keys are few: they are kept.
    """

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[Hashable, tuple[float, int]] = {}

    def left_out(self, key: Hashable) -> int | None:
        """Number of lines left out since the last one; None: leave this one out, too."""
        now = self._clock()
        with self._lock:
            at, count = self._last.get(key, (now - self._seconds, 0))
            if now - at < self._seconds:
                self._last[key] = (at, count + 1)
                return None
            self._last[key] = (now, 0)
            return count

    def forget(self) -> None:
        with self._lock:
            self._last.clear()
