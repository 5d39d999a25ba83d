"""Faults: what fails, for how long, and what AVA promises meanwhile."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.faults.deployment import Deployment
from tests.faults.ledger import NO_ANSWER

SETTLES_SECONDS = 5.0


@dataclass(frozen=True)
class Fault:
    """One that can be played.

    Attributes:
        name: for the table.
        play: breaks something on entering and mends it on leaving.
        seconds: between the two.
        may: the codes that clients may see; each with how few or many is not said.
        recovers_in: seconds after the end, from which on all answers are good.
    """

    name: str
    play: Callable[[Deployment], AbstractContextManager[None]]
    seconds: float
    may: frozenset[str] = frozenset()
    recovers_in: float = SETTLES_SECONDS

    @property
    def promise(self) -> str:
        seen = ", ".join(f"`{code}`" if code != NO_ANSWER else code for code in sorted(self.may))
        return f"{seen or 'nothing'}; none later than {self.recovers_in:.0f} s after"


@contextmanager
def redis_killed(ava: Deployment) -> Iterator[None]:
    ava.redis.stop()
    yield
    ava.redis.start()


@contextmanager
def postgres_restarts(ava: Deployment) -> Iterator[None]:
    ava.postgres.stop(signal.SIGINT)
    yield
    ava.postgres.start()


NO_DATABASE = frozenset({"database_unavailable", "webhook_not_taken"})
FAULTS = (
    Fault("Redis is killed, and starts empty", redis_killed, 3),
    Fault("PostgreSQL restarts", postgres_restarts, 3, NO_DATABASE),
)
