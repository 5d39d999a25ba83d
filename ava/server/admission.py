"""Admission of requests: how many of a process compute at the same time.

Threads that compute take turns at the interpreter and slow down each other and the event loop. A
request that waits for a provider leaves its place to the next: a provider that hangs holds threads,
never places. The number was measured; see ADR 0009.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar

PLACES = 4

_leave: ContextVar[Callable[[], None] | None] = ContextVar("leave", default=None)


class Place:
    """Place of one request, left once, however often `leave` is called."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free = free
        self._loop = asyncio.get_running_loop()
        self._is_held = True

    def hold(self) -> None:
        """Have `waiting` of the thread that calls this leave the place."""
        _leave.set(self._leave_from_thread)

    def leave(self) -> None:
        """Let the next request in. Of the event loop's thread only."""
        if self._is_held:
            self._is_held = False
            self._free.release()

    def _leave_from_thread(self) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it all that waited for a place
            self._loop.call_soon_threadsafe(self.leave)


class Admission:
    """Places for requests that compute at the same time, given in the order in which they came."""

    def __init__(self, places: int = PLACES) -> None:
        self._free = asyncio.Semaphore(places)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Wait for a place, and hold it in the block unless it is left before."""
        await self._free.acquire()
        place = Place(self._free)
        try:
            yield place
        finally:
            place.leave()


def waiting() -> None:
    """Leave the place of this thread's request, if it has one: from here on it waits for others."""
    leave = _leave.get()
    if leave is not None:
        _leave.set(None)
        leave()
