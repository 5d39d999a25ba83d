"""Provider and policy: what a door is opened with."""

import random
from collections.abc import Callable
from dataclasses import dataclass


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

    def pause(
        self,
        attempt: int,
        left: float,
        retry_after: float | None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> float | None:
        """Seconds to wait before the next attempt, with full jitter; None to give up.

        See https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
        """
        if retry_after is not None and retry_after > min(self.patience, left / 2):
            return None
        longest = min(self.patience, self.backoff * 2 ** (attempt - 1))
        wait = max(retry_after or 0.0, longest * chance())
        return wait if wait < left else None
