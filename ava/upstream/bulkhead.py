"""How many operations may be inside a provider's door at once.

A hung provider then holds so many threads and no more; the others keep answering.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
    """Every slot is taken; nobody waits for one."""


class Bulkhead:
    """A fixed number of slots, taken without waiting; the background takes half of them at most.

    Attributes:
        size: slots.
        in_use: slots taken now.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_use = 0
        self._background = 0
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether a slot would be refused now."""
        ours = _background.get() and self._background >= max(self.size // 2, 1)
        return ours or self.in_use >= self.size

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for the block.

        Raises:
            BulkheadFull: none is free.
        """
        background = _background.get()
        with self._lock:
            if self.is_full:
                raise BulkheadFull
            self.in_use += 1
            self._background += background
        try:
            yield
        finally:
            with self._lock:
                self.in_use -= 1
                self._background -= background
