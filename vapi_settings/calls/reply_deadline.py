"""Time limit of answers that a caller on the phone waits for, and each user's share of threads."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import BoundedSemaphore, Lock
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from django.contrib.auth.models import User
from django.db import connections

from ava.server import admission

T = TypeVar("T")

SECONDS: Final = 5.0
"""Vapi waits 7.5 s for an assistant, and people on the phone no longer than that for a tool."""
THREADS: Final = 8
THREADS_OF_A_USER: Final = 2
WAITING_OF_A_USER: Final = 4
"""Requests that wait at once, each in a thread of the web server's."""


class _Share:
    """One user's threads and waiting requests. It lives as long as one of them."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(THREADS_OF_A_USER, thread_name_prefix="vapi-reply")
        self.waiting = BoundedSemaphore(WAITING_OF_A_USER)


_shares: WeakValueDictionary[int, _Share] = WeakValueDictionary()
_lock = Lock()
_running = BoundedSemaphore(THREADS)


class ReplyDeadline:
    """Deadline of one answer, shared by all its parts; what hangs takes its owner's threads."""

    def __init__(self, owner: User, seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds
        with _lock:
            self._share = _shares.get(owner.pk) or _Share()
            _shares[owner.pk] = self._share

    def run(self, work: Callable[[], T], late: T) -> T:
        """The outcome of the only part. Raises: what it raises."""
        return self.wait(self.start(work), late)

    def start(self, work: Callable[[], T]) -> "Future[T]":
        """Begin with a part. It is not ended when its time is over, only no longer waited for."""
        return self._share.threads.submit(copy_context().run, _run, self._share, work)

    def wait(self, part: "Future[T]", late: T) -> T:
        """The outcome of a part, or `late` when there is none in time, at once where as many
        requests of its user are waiting as may. Raises: what it raises."""
        if part.done():
            return part.result()
        may_wait = self._share.waiting.acquire(blocking=False)
        left = max(0.0, self._until - time.monotonic()) if may_wait else 0.0
        if left:
            admission.release_place()
        try:
            return part.result(timeout=left)
        except TimeoutError:
            part.cancel()
            return late
        finally:
            if may_wait:
                self._share.waiting.release()


def _run(share: _Share, work: Callable[[], T]) -> T:
    """Run a part; `share` is held until it ends, so that one that hangs counts."""
    try:
        with _running:
            return work()
    finally:
        connections.close_all()
