"""How long a caller on the phone is kept waiting for an answer of AVA's."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from django.db import connections

from ava import correlation

T = TypeVar("T")

SECONDS: Final = 6.5
"""Vapi waits 7.5 s for an assistant; the rest is for the way."""

_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="vapi-reply")


class Patience:
    """The time that one answer may take, all its parts together."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds

    def start(self, work: Callable[[], T]) -> "Future[T]":
        """Begin with a part. It is not ended when its time is over, only no longer waited for."""
        return _pool.submit(correlation.inherit(_closing), work)

    def wait(self, part: "Future[T]", late: T) -> T:
        """The outcome of a part, or `late` when there is none in time. Raises: what it raises."""
        try:
            return part.result(timeout=max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            part.cancel()
            return late


def _closing(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()
