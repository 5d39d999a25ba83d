"""How many operations may be inside a provider's door at once.

A hung provider then holds so many threads and no more; the others keep answering.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BulkheadFull(Exception):
    """Every slot is taken; nobody waits for one."""


class Bulkhead:
    """A fixed number of slots, taken without waiting."""

    def __init__(self, size: int) -> None:
        self._slots = threading.BoundedSemaphore(size)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for the block.

        Raises:
            BulkheadFull: none is free.
        """
        if not self._slots.acquire(blocking=False):
            raise BulkheadFull
        try:
            yield
        finally:
            self._slots.release()
