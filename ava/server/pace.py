"""Pace of refusals: clients that are refused again and again are answered later, without a thread.

A client that asks again at once costs as much processor as there is. From `QUIET` refusals a second
to one address on, further ones are sent a moment later. What is not refused is never delayed.
"""

import time
from collections.abc import Callable
from http import HTTPStatus

REFUSALS = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""Statuses that a client can cause without end: unread bodies, limits, a limiter that failed."""
DELAY = 0.1
QUIET = 64


class Pacer:
    """Refusals by address, counted second by second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second = 0
        self._counts: dict[str, int] = {}

    def delay(self, address: str) -> float:
        """Count a refusal. Seconds to wait before it is sent."""
        second = int(self._clock())
        if second != self._second:
            # After a busy second the next one counts as busy from the start: the delay has no gaps.
            last = self._counts if second == self._second + 1 else {}
            self._counts = {one: QUIET for one, count in last.items() if count > QUIET}
            self._second = second
        count = self._counts[address] = self._counts.get(address, 0) + 1
        return DELAY if count > QUIET else 0.0
