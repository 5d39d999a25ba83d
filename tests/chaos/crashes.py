"""Crashes: all of AVA is killed again and again and started on the same data, or a part of it."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.chaos.trouble import Trouble
from tests.server import RunningAva

SHORTEST, LONGEST = 2.0, 5.0
"""How long AVA runs between two crashes: so many times what it takes to start, which is a second.
A slow machine crashes less often, and gets as far each time."""
LEAST = 3
_APART_SECONDS = 6.0


class Crashes(Trouble):
    """Crashes; when they end, AVA runs.

    Args:
        more: other things that happen.

    Attributes:
        count: how often all of AVA was killed.
    """

    def __init__(
        self,
        ava: RunningAva,
        given_up: threading.Event,
        *,
        seed: int,
        more: Sequence[Callable[[], None]] = (),
    ) -> None:
        super().__init__(given_up)
        self._ava = ava
        self._random = random.Random(seed)
        self._ways = [self._all, self._all, self._worker, *more]
        self._start_seconds = 1.0
        self._worker_killed_at = 0.0
        self.count = 0

    def _go_on(self) -> None:
        while not self._given_up.is_set() and not (self._enough.is_set() and self.count >= LEAST):
            time.sleep(self._random.uniform(SHORTEST, LONGEST) * self._start_seconds)
            self._random.choice([self._all] if self._enough.is_set() else self._ways)()

    def _all(self) -> None:
        self._ava.kill()
        self.count += 1
        began = time.monotonic()
        self._ava.start()
        self._start_seconds = time.monotonic() - began

    def _worker(self) -> None:
        # AVA ends where a worker dies twice within 5.5 s, and is for its service to start again.
        if time.monotonic() - self._worker_killed_at < _APART_SECONDS:
            self._all()
            return
        self._worker_killed_at = time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(self._random.choice(sorted(self._ava.workers())), signal.SIGKILL)
