"""Scheduler of delayed tasks, in a bounded number of daemon threads."""

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable

Task = Callable[[], None]


class Scheduler:
    """Tasks by the time they are due. Threads start when they are needed, `threads` at most."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._most = threads
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._started = self._idle = 0
        self._stopped = False

    def after(self, seconds: float, task: Task) -> None:
        """Run `task` in `seconds` of real time; tasks due at once start in order."""
        with self._changed:
            if self._stopped:
                return
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), task))
            if not self._idle and self._started < self._most:
                self._started += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._changed.notify()

    def stop(self) -> None:
        """Drop the tasks to come; those that run end by themselves and can add no others."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait, once stopped, for the tasks that run. Returns: whether they have ended by then."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle == self._started, seconds)

    def _work(self) -> None:
        while task := self._next():
            try:
                task()
            except Exception:  # a bug in the sandbox: shown, and the other tasks go on
                traceback.print_exc()

    def _next(self) -> Task | None:
        with self._changed:
            self._idle += 1
            if self._stopped:
                self._changed.notify_all()
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._idle -= 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None
