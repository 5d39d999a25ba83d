"""Background work that is not lost: each job is a row with a lease.

The loop of a web worker, `manage.py work` or Celery runs the rows, at least once: after a killed
process, another runs the job again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter

Payload = dict[str, Any]

OUTCOMES = ("done", "again", "failed", "dead", "lost")

RUNS = Counter("ava_jobs", "Runs of jobs, by outcome.", ["kind", "outcome"])


class RetryLater(Exception):
    """Raised by a job to be run again after so many seconds: no failure. No secrets in `reason`."""

    def __init__(self, after: float, reason: str = "") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


@dataclass(frozen=True)
class Kind:
    """One kind of job."""

    name: str
    run: Callable[[Payload], None]
    attempts: int = 8  # failures after which a job is given up; a periodic one never is
    lease: float = 10.0  # seconds after which another process takes over from one that vanished
    every: float | None = None  # seconds between two runs of a periodic kind
    urgent: bool = False  # every second job taken up is one, and some threads are kept for them


kinds: dict[str, Kind] = {}


def register(kind: str, run: Callable[[Payload], None], **options: Any) -> None:
    """Register a kind of jobs, done by `run(payload)`, which must be idempotent.

    Any exception but `RetryLater` is a failure: it is tried again, ever later.
    """
    kinds[kind] = Kind(kind, run, **options)
    for outcome in OUTCOMES:  # at 0: a rate over a missing series is no answer
        RUNS.labels(kind, outcome)


def register_periodic(kind: str, run: Callable[[], None], *, every: float) -> None:
    """Register `run()`, called every so many seconds, once for all processes together."""
    register(kind, lambda payload: run(), every=every)
