"""Admission of requests: how many of a process compute at the same time.

Threads that compute take turns at the interpreter and slow down each other and the event loop. A
request that waits for a provider releases its place: a provider that hangs holds threads, never
places. The number was measured; see ADR 0009.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

PLACES = 4
ARRIVAL_SECONDS = 0.005
"""Seconds for which an answer is held back at most while requests arrive."""

T = TypeVar("T")
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


class Turns:
    """Turns at the event loop for what it answers itself, in the order in which it came.

    What arrives goes first: a crowd that comes at once is let in, and liveness with it, before the
    loop computes answers for it.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._arrivals = 0

    async def take(self, answer: Callable[[], T]) -> T:
        """Call it when it is its turn."""
        self._arrivals += 1
        async with self._lock:
            now = asyncio.get_running_loop().time
            latest, seen = now() + ARRIVAL_SECONDS, 0
            while seen != self._arrivals and now() < latest:
                seen = self._arrivals
                await asyncio.sleep(0)
            return answer()


def set_release(release: Release) -> None:
    """Set what `release_place` calls in this thread."""
    _release.set(release)


def release_place() -> None:
    """Release the place of this thread's request, if it has one: from here on it only waits."""
    release = _release.get()
    if release is not None:
        _release.set(None)
        release()
