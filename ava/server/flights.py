"""Reads under way, by what they read: requests that one of them answers wait here for it.

They hold no thread meanwhile, no place, and none of the provider's bulkhead.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

WAIT_SECONDS = 1.0
"""For which a request waits for others' reads; then it reads by itself."""


class Flights:
    """Reads of an event loop."""

    def __init__(self) -> None:
        self._ends: dict[Hashable, asyncio.Future[None]] = {}

    async def wait(self, key: Hashable, is_answered: Callable[[], bool]) -> None:
        """Wait while this is read, until it answers: at most `WAIT_SECONDS`."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + WAIT_SECONDS
        while not is_answered():
            end, left = self._ends.get(key), latest - loop.time()
            if end is None or left <= 0:
                return
            await asyncio.wait([end], timeout=left)

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
