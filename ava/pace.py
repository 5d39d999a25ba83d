"""Slowing down clients that are refused again and again, without a thread to wait for them.

A refusal costs little, but a client that takes it and asks again at once costs as much processor as
there is. From `QUIET` refusals a second to one address on, further ones are sent a moment later.
What is not refused is never delayed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

# Those that come without end: bodies that are not read, limits, a limiter that failed.
REFUSALS = (b"HTTP/1.1 413 ", b"HTTP/1.1 415 ", b"HTTP/1.1 429 ", b"HTTP/1.1 503 ")
DELAY = 0.1
QUIET = 64
ADDRESSES = 10_000


class Pacer:
    """Counts refusals by address, second by second. Safe for threads.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def delay(self, address: str) -> float:
        """Count a refusal. Seconds to wait before it is sent."""
        second = int(self._clock())
        with self._lock:
            since, count = self._counts.pop(address, (second, 0))
            # A busy second makes the next one a busy one, so that there is no pause in the pace.
            if since < second:
                count = QUIET if count > QUIET and since == second - 1 else 0
            self._counts[address] = (second, count + 1)
            if len(self._counts) > ADDRESSES:
                self._counts.popitem(last=False)
        return DELAY if count >= QUIET else 0.0


class Outlet:
    """A connection's socket as an answer is written to it, which keeps a refusal back.

    Attributes:
        kept: the refusal's bytes, not yet sent.
    """

    def __init__(self, sock: object, delay: Callable[[], float]) -> None:
        self._sock = sock
        self._delay = delay
        self._begun = False
        self._seconds = 0.0
        self.kept = b""

    def sendall(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._seconds = self._delay() if data.startswith(REFUSALS) else 0.0
        if self._seconds:
            self.kept += data
        else:
            self._sock.sendall(data)  # type: ignore[attr-defined]  # any socket

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)
