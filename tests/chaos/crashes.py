"""Kills all of AVA again and again, and starts it anew on the same data."""

import random
import threading
import time

from tests.server import RunningAva

SHORTEST, LONGEST = 2.0, 6.0
"""Seconds that AVA may live."""
LEAST = 4


class Crashes:
    """Attributes:
    count: how often AVA was killed.
    fault: what kept it from starting again.
    """

    def __init__(self, ava: RunningAva, *, seed: int) -> None:
        self._ava = ava
        self._random = random.Random(seed)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._crash, daemon=True)
        self.count = 0
        self.fault: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """The last of them; AVA runs when this returns."""
        self._enough.set()
        self._thread.join()
        if self.fault:
            raise self.fault

    def _crash(self) -> None:
        try:
            while not self._enough.is_set() or self.count < LEAST:
                time.sleep(self._random.uniform(SHORTEST, LONGEST))
                self._ava.kill()
                self.count += 1
                self._ava.start()
        except Exception as fault:
            self.fault = fault
