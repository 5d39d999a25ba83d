"""A line of threads for something that one of them can have."""

import heapq
import threading
import time
from itertools import count

from ava.server import admission


class Line:
    """One at a time; of those who wait, whose patience ends first comes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: list[tuple[float, int, threading.Event]] = []
        self._numbers = count()

    def take(self, seconds: float) -> bool:
        """Wait for the turn, for so many seconds at most. Whether it came."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            came = threading.Event()
            place = (time.monotonic() + seconds, next(self._numbers), came)
            heapq.heappush(self._waiting, place)
        admission.waiting()
        if came.wait(seconds):
            return True
        with self._lock:
            if came.is_set():  # this very moment
                return True
            self._waiting.remove(place)
            heapq.heapify(self._waiting)
            return False

    def give(self) -> None:
        """Let the next one have it."""
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[2].set()
            else:
                self._taken = False
