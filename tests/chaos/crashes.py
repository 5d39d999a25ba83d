"""Kills all of AVA again and again and starts it anew on the same data, or kills only a part."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.server import RunningAva

SHORTEST, LONGEST = 2.0, 6.0
"""Seconds between two crashes."""
LEAST = 4


class Crashes:
    """Crashes in a thread of their own.

    Args:
        more: other things that happen.

    Attributes:
        count: how often all of AVA was killed.
    """

    def __init__(
        self, ava: RunningAva, *, seed: int, more: Sequence[Callable[[], None]] = ()
    ) -> None:
        self._ava = ava
        self._random = random.Random(seed)
        self._ways = [self._all, self._all, self._worker, *more]
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._crash, daemon=True)
        self._fault: Exception | None = None
        self.count = 0

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """The last of them; AVA runs when this returns."""
        self._enough.set()
        self._thread.join()
        if self._fault:
            raise self._fault

    def _crash(self) -> None:
        try:
            while not self._enough.is_set() or self.count < LEAST:
                time.sleep(self._random.uniform(SHORTEST, LONGEST))
                self._random.choice(self._ways)()
        except Exception as fault:
            self._fault = fault

    def _all(self) -> None:
        self._ava.kill()
        self.count += 1
        self._ava.start()

    def _worker(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._random.choice(sorted(self._ava.workers())), signal.SIGKILL)
