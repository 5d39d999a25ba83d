"""Admission of requests: how many of a process compute at the same time.

Threads that compute take turns at the interpreter and slow down each other and the event loop. A
request that waits for a provider releases its place: a provider that hangs holds threads, never
places. The number was measured; see ADR 0009.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar

PLACES = 4

Release = Callable[[], None]

_release: ContextVar[Release | None] = ContextVar("release", default=None)


class Admission:
    """Places for requests that compute at the same time, given in the order in which they came."""

    def __init__(self, places: int = PLACES) -> None:
        self._free = asyncio.Semaphore(places)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Release]:
        """Wait for a place, and hold it in the block unless a thread releases it before."""
        await self._free.acquire()
        loop, held = asyncio.get_running_loop(), [self._free]

        def release() -> None:
            while held:
                held.pop().release()

        def release_from_thread() -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it all that waited
                loop.call_soon_threadsafe(release)

        try:
            yield release_from_thread
        finally:
            release()


def set_release(release: Release) -> None:
    """Set what `release_place` calls in this thread."""
    _release.set(release)


def release_place() -> None:
    """Release the place of this thread's request, if it has one: from here on it only waits."""
    release = _release.get()
    if release is not None:
        _release.set(None)
        release()
