"""Retries: seldom, briefly, and only where a second arrival does no harm."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ava.upstream.connections import Deadline
from ava.upstream.errors import ProviderRateLimited, ProviderUnreachable
from ava.upstream.service import Policy
from ava.upstream.transport import Answer, AttemptFailed


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


@dataclass(slots=True)
class Operation:
    deadline: Deadline
    is_probe: bool
    attempts: int = 0
    cause: str = ""


def with_retries(
    attempt: Callable[[], Answer],
    operation: Operation,
    policy: Policy,
    budget: Budget,
    *,
    repeatable: bool,
    on_retry: Callable[[], None],
) -> Answer:
    """Attempt until there is an answer, or no reason to go on. A probe has one attempt."""
    most = 1 if operation.is_probe else policy.attempts
    unsent, replayed = True, False
    budget.earn()
    while True:
        operation.attempts += 1
        try:
            return attempt()
        except AttemptFailed as failed:
            operation.cause = failed.cause
            # What an earlier attempt may have sent stays sent.
            unsent = failed.problem.unsent = unsent and failed.problem.unsent
            wait: float | None = None
            if failed.stale and repeatable and not replayed:
                # The server closed a kept connection as we took it: no sign of trouble.
                replayed, wait = True, 0.0
            elif operation.attempts < most and _may_repeat(failed, repeatable):
                left = operation.deadline.left()
                wait = pause(policy, operation.attempts, left, failed.asked)
                wait = wait if wait is not None and budget.spend() else None
            if wait is None:
                raise failed.problem from None
        time.sleep(wait)
        on_retry()


def _may_repeat(failed: AttemptFailed, repeatable: bool) -> bool:
    if isinstance(failed.problem, ProviderUnreachable):
        return repeatable or failed.problem.unsent
    # A 429 was refused before it was looked at, whatever the method.
    return isinstance(failed.problem, ProviderRateLimited) and failed.asked is not None
