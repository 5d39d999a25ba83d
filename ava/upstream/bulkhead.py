"""Bulkhead: how many operations may be inside a provider's door at once.

A hung provider then holds so many threads and no more; the others keep answering.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ava import tenant
from ava.tenant import Tenant

_background: ContextVar[bool] = ContextVar("in_background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """What is done in the block keeps nobody waiting: people come first."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


class BulkheadFull(Exception):
    """Every slot that the caller may have is taken; slots are not waited for."""


class Bulkhead:
    """A fixed number of slots, taken without waiting.

    One tenant takes half of them at most, so that its flood, or calls of its that hang, leave the
    other half to the rest. The background takes half of them all, and half of a tenant's.

    Attributes:
        size: slots.
        in_use: slots taken now.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_use = 0
        self._background = 0
        self._mine: Counter[str] = Counter()
        self._my_background: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether a slot would be refused now, to whom this work is for."""
        mine, background = tenant.current(), _background.get()
        share = _half(self.size)
        if self.in_use >= self.size or (background and self._background >= share):
            return True
        if mine is None:
            return False
        return self._mine[mine] >= share or (
            background and self._my_background[mine] >= _half(share)
        )

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for the block.

        Raises:
            BulkheadFull: none is free.
        """
        mine, background = tenant.current(), _background.get()
        with self._lock:
            if self.is_full:
                raise BulkheadFull
            self._count(mine, background, 1)
        try:
            yield
        finally:
            with self._lock:
                self._count(mine, background, -1)

    def _count(self, mine: Tenant, background: bool, step: int) -> None:
        self.in_use += step
        self._background += step * background
        if mine is None:
            return
        for counter, counts in ((self._mine, True), (self._my_background, background)):
            counter[mine] += step * counts
            if not counter[mine]:
                del counter[mine]


def _half(slots: int) -> int:
    return max(slots // 2, 1)
