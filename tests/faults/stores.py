"""Faults of PostgreSQL and Redis: gone, frozen, full."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.deployment import Deployment
from tests.faults.faults import Fault

NO_DATABASE = frozenset({"database_unavailable"})


@contextmanager
def redis_killed(ava: Deployment) -> Iterator[None]:
    ava.redis.stop()
    yield
    ava.redis.start()


@contextmanager
def redis_frozen(ava: Deployment) -> Iterator[None]:
    ava.redis.freeze()
    yield
    ava.redis.thaw()


@contextmanager
def postgres_restarts(ava: Deployment) -> Iterator[None]:
    ava.postgres.stop(signal.SIGINT)
    yield
    ava.postgres.start()


@contextmanager
def postgres_killed(ava: Deployment) -> Iterator[None]:
    ava.postgres.stop(signal.SIGKILL)
    yield
    ava.postgres.start()


@contextmanager
def postgres_frozen(ava: Deployment) -> Iterator[None]:
    ava.postgres.freeze()
    yield
    ava.postgres.thaw()


@contextmanager
def disk_full(ava: Deployment) -> Iterator[None]:
    with ava.machine.full_disk():
        yield
    ava.revive()


REDIS_KILLED = Fault("Redis is killed, and starts empty", redis_killed, 3)
REDIS_FROZEN = Fault("Redis is frozen", redis_frozen, 5)
POSTGRES_RESTARTS = Fault("PostgreSQL restarts", postgres_restarts, 3, NO_DATABASE)
POSTGRES_KILLED = Fault("PostgreSQL is killed", postgres_killed, 2, NO_DATABASE)
POSTGRES_FROZEN = Fault("PostgreSQL is frozen", postgres_frozen, 8, NO_DATABASE)
DISK_FULL = Fault(
    "The disk is full, PostgreSQL's and AVA's", disk_full, 12, NO_DATABASE, 10, needs="disk"
)
