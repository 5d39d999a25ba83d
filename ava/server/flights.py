"""Reads under way, by what they read: requests that one of them answers wait here for it.

They hold no thread meanwhile, no place, and none of the provider's bulkhead.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

WAIT_SECONDS = 1.0
"""Seconds for which a request waits for others' reads; then it reads by itself."""


class Flights:
    """Reads of an event loop."""

    def __init__(self) -> None:
        self._ends: dict[Hashable, asyncio.Future[None]] = {}

    async def wait(self, key: Hashable, is_answered: Callable[[], bool]) -> None:
        """Wait while this is read, until it answers: for two reads at most, as the one under way
        may have begun too early, and no longer than `WAIT_SECONDS`."""
        for _ in range(2):
            end = self._ends.get(key)
            if end is None:
                return
            await asyncio.wait([end], timeout=WAIT_SECONDS / 2)
            if is_answered():
                return

    @contextmanager
    def lead(self, key: Hashable | None) -> Iterator[None]:
        """Have others wait for the read in the block, if no other of this key is under way."""
        if key is None or key in self._ends:
            yield
            return
        end = self._ends[key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._ends[key]
            end.set_result(None)
