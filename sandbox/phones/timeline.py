"""Does things later, in a bounded number of daemon threads."""

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable

Act = Callable[[], None]


class Timeline:
    """Acts by the time they are due. Threads start when they are needed, `threads` at most."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._most = threads
        self._turn = threading.Condition()
        self._due: list[tuple[float, int, Act]] = []
        self._order = itertools.count()
        self._started = self._idle = 0
        self._stopped = False

    def after(self, seconds: float, act: Act) -> None:
        """Do `act` in `seconds` of real time; acts due at once are begun in order."""
        with self._turn:
            if self._stopped:
                return
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), act))
            if not self._idle and self._started < self._most:
                self._started += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._turn.notify()

    def stop(self) -> None:
        """Forget what was to come; what runs now ends by itself and can begin nothing new."""
        with self._turn:
            self._stopped = True
            self._due.clear()
            self._turn.notify_all()

    def wait(self, seconds: float) -> bool:
        """Once stopped: wait for what runs now. Returns: whether it has ended by then."""
        with self._turn:
            return self._turn.wait_for(lambda: self._idle == self._started, seconds)

    def _work(self) -> None:
        while act := self._next():
            try:
                act()
            except Exception:  # a fault of the sandbox's own: shown, and the others go on
                traceback.print_exc()

    def _next(self) -> Act | None:
        with self._turn:
            self._idle += 1
            if self._stopped:
                self._turn.notify_all()
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._idle -= 1
                    return heapq.heappop(self._due)[2]
                self._turn.wait(wait)
            return None
