"""Time limit of answers that a caller on the phone waits for, and each user's share of threads."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.contrib.auth.models import User
from django.db import connections

from ava.http import correlation
from ava.server import admission

T = TypeVar("T")

SECONDS: Final = 6.5
"""Vapi waits 7.5 s for an assistant; the rest is for the way."""
THREADS: Final = 8
THREADS_OF_A_USER: Final = 2
WAITING_OF_A_USER: Final = 4
"""Requests that wait at once, each in a thread of the web server's."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of an answer that has begun, or will when its user has a thread free."""

    owner: int
    outcome: "Future[T]"


class Patience:
    """The time that one answer may take, all its parts together."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds

    def start(self, owner: User, work: Callable[[], T]) -> Part[T]:
        """Begin with a part. It is not ended when its time is over, only no longer waited for.

        Args:
            owner: on whose behalf: one that hangs takes no thread from the others.
        """
        return Part(owner.pk, _shares.submit(owner.pk, correlation.inherit(_closing), work))

    def wait(self, part: Part[T], late: T) -> T:
        """The outcome of a part, or `late` when there is none in time, at once where as many
        requests of its user are waiting as may. Raises: what it raises."""
        if part.outcome.done():
            return part.outcome.result()
        with _shares.waiting(part.owner) as may_wait:
            left = max(0.0, self._until - time.monotonic()) if may_wait else 0.0
            if left:
                admission.waiting()
            try:
                return part.outcome.result(timeout=left)
            except TimeoutError:
                part.outcome.cancel()
                return late


class _Shares:
    """Threads for answers, of which no user gets more than two; what else they ask for queues."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vapi-reply")
        self._lock = threading.Lock()
        self._lines: dict[int, deque[tuple[Future[Any], Callable[[], Any]]]] = {}
        self._running: Counter[int] = Counter()
        self._waiting: Counter[int] = Counter()

    def submit(self, owner: int, work: Callable[..., T], *arguments: Any) -> "Future[T]":
        outcome: Future[T] = Future()
        with self._lock:
            line = self._lines.setdefault(owner, deque())
            line.append((outcome, lambda: work(*arguments)))
            begin = self._running[owner] < THREADS_OF_A_USER
            if begin:
                self._running[owner] += 1
        if begin:
            self._threads.submit(self._run, owner)
        return outcome

    @contextmanager
    def waiting(self, owner: int) -> Iterator[bool]:
        """Whether one request more of the user's may wait."""
        with self._lock:
            may_wait = self._waiting[owner] < WAITING_OF_A_USER
            self._waiting[owner] += may_wait
        try:
            yield may_wait
        finally:
            with self._lock:
                self._waiting[owner] -= may_wait
                self._tidy(owner)

    def _run(self, owner: int) -> None:
        while following := self._next(owner):
            outcome, work = following
            if not outcome.set_running_or_notify_cancel():
                continue
            try:
                outcome.set_result(work())
            except BaseException as fault:
                outcome.set_exception(fault)

    def _next(self, owner: int) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            if line := self._lines.get(owner):
                return line.popleft()
            self._running[owner] -= 1
            self._tidy(owner)
            return None

    def _tidy(self, owner: int) -> None:
        if not self._running[owner] and not self._waiting[owner]:
            self._lines.pop(owner, None)
            del self._running[owner], self._waiting[owner]


_shares = _Shares()


def _closing(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()
