"""The kinds of work there are; each app names its own at start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ava.jobs import metrics

Payload = dict[str, Any]

LEASE = 10.0


class RetryLater(Exception):
    """Raised by a job that is not done yet: run it again later. Not a failure.

    Args:
        after: seconds.
        reason: for the operator; no secrets.
    """

    def __init__(self, after: float, reason: str = "") -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    Args:
        attempts: failures after which a job is given up. A periodic one never is.
        lease: seconds after which somebody else takes over from a runner that has vanished. It is
            renewed while the run goes on.
        every: seconds between two runs; None for work that is asked for.
        urgent: somebody waits for it. Whatever else is due, every second job taken up is one of
            these, while there are any, and some threads are kept for them.
    """

    name: str
    run: Callable[[Payload], None]
    attempts: int = 8
    lease: float = LEASE
    every: float | None = None
    urgent: bool = False


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    run: Callable[[Payload], None],
    *,
    attempts: int = 8,
    lease: float = LEASE,
    urgent: bool = False,
) -> None:
    """Have jobs of this kind done by `run(payload)`, which must be idempotent.

    Any exception but `RetryLater` is a failure: it is tried again, ever later, `attempts` times.
    """
    _add(Kind(kind, run, attempts, lease, urgent=urgent))


def register_periodic(kind: str, run: Callable[[], None], *, every: float) -> None:
    """Have `run()` called every so many seconds, once in the whole fleet."""
    _add(Kind(kind, lambda payload: run(), every=every))


def _add(kind: Kind) -> None:
    _kinds[kind.name] = kind
    metrics.introduce(kind.name)


def kinds() -> dict[str, Kind]:
    """Every kind by its name."""
    return dict(_kinds)
