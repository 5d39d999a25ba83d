"""Limits of what is sent to a provider: policy, bulkhead, retry budget.

A hung provider holds the slots of its bulkhead and no more; one in trouble is retried seldom.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ava import tenant
from ava.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Service:
    label: str  # in metrics, logs and rows, such as "vapi"
    name: str  # in sentences for people, such as "Vapi"


@dataclass(frozen=True, slots=True)
class Policy:
    deadline: float = 10.0  # seconds for the whole operation, its retries included
    connect_timeout: float = 3.0  # seconds for each address of the provider
    # Operations at once, half of them for one tenant; fewer than the server has threads.
    bulkhead: int = 16
    attempts: int = 3  # in one operation, the first included
    backoff: float = 0.2  # seconds; the first pause is a random part, each later one of twice it
    patience: float = 2.0  # seconds; where the provider asks for more it is not tried again
    max_body: int = 10 * 1024 * 1024  # bytes; a longer answer is no answer


_background: ContextVar[bool] = ContextVar("in_background", default=False)

Share = tuple[Tenant, bool]
"""A tenant's slots, or all (None); only those taken in the background, or any."""


@contextmanager
def in_background() -> Iterator[None]:
    """Mark the block as work that no user waits for: it gets the smaller share."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


class BulkheadFull(Exception):
    """Every slot that the caller may have is taken; slots are not waited for."""


class Bulkhead:
    """A fixed number of slots, taken without waiting.

    One tenant takes half of them at most, so that calls of its that hang leave half to the
    rest. The background takes half of them all, and half of a tenant's.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._taken: Counter[Share] = Counter()
        self._lock = threading.Lock()

    @property
    def in_use(self) -> int:
        return self._taken[None, False]

    @property
    def is_full(self) -> bool:
        """Whether a slot would be refused now to the work under way."""
        return any(self._taken[share] >= most for share, most in self._shares().items())

    @contextmanager
    def slot(self) -> Iterator[None]:
        shares = self._shares()
        with self._lock:
            if self.is_full:
                raise BulkheadFull
            self._taken.update(shares.keys())
        try:
            yield
        finally:
            with self._lock:
                self._taken.subtract(shares.keys())
                self._taken = +self._taken  # without those that are back at 0

    def _shares(self) -> dict[Share, int]:
        """The shares that a slot for the work under way belongs to, with their sizes."""
        mine, half = tenant.current(), _half(self.size)
        shares: dict[Share, int] = {(None, False): self.size}
        if mine is not None:
            shares[mine, False] = half
        if _background.get():
            shares[None, True] = half
            if mine is not None:
                shares[mine, True] = _half(half)
        return shares


def _half(slots: int) -> int:
    return max(slots // 2, 1)


class Budget:
    """Retry budget of a provider: a fifth of its operations, and a trickle for quiet times."""

    SHARE = 0.2
    TRICKLE = 0.1  # per second
    MOST = 10.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self.MOST
        self._seen = clock()

    def earn(self) -> None:
        with self._lock:
            self._refill(self.SHARE)

    def spend(self) -> bool:
        with self._lock:
            self._refill(0)
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def left(self) -> float:
        with self._lock:
            self._refill(0)
            return self._tokens

    def _refill(self, earned: float) -> None:
        now = self._clock()
        trickled = (now - self._seen) * self.TRICKLE
        self._tokens = min(self.MOST, self._tokens + earned + trickled)
        self._seen = now


def pause(
    policy: Policy,
    attempt: int,
    left: float,
    retry_after: float | None,
    *,
    chance: Callable[[], float] = random.random,
) -> float | None:
    """Seconds to wait before the next attempt, with full jitter; None to give up.

    See https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    if retry_after is not None and retry_after > min(policy.patience, left / 2):
        return None
    longest = min(policy.patience, policy.backoff * 2 ** (attempt - 1))
    wait = max(retry_after or 0.0, longest * chance())
    return wait if wait < left else None
