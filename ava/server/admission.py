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

Leave = Callable[[], None]

_leave: ContextVar[Leave | None] = ContextVar("leave", default=None)


class Admission:
    """Places for requests that compute at the same time, given in the order in which they came."""

    def __init__(self, places: int = PLACES) -> None:
        self._free = asyncio.Semaphore(places)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Leave]:
        """Wait for a place, and hold it in the block unless a thread leaves it before."""
        await self._free.acquire()
        loop, held = asyncio.get_running_loop(), [self._free]

        def leave() -> None:
            while held:
                held.pop().release()

        def leave_from_thread() -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it all that waited
                loop.call_soon_threadsafe(leave)

        try:
            yield leave_from_thread
        finally:
            leave()


def hold(leave: Leave) -> None:
    """Have `waiting` of the thread that calls this leave the place."""
    _leave.set(leave)


def waiting() -> None:
    """Leave the place of this thread's request, if it has one: from here on it waits for others."""
    leave = _leave.get()
    if leave is not None:
        _leave.set(None)
        leave()
