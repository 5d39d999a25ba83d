"""The stores of several workers, which share a Redis that a test may take from them."""

import time

from ava.upstream.circuit import Change, Outcome, Refusal, Rules, Ticket
from ava.upstream.shared import SharedStore
from tests.redis import RedisServer

RULES = Rules(threshold=3, recovery=60.0, successes=2)
LEASE = 12.0


def admitted(store: SharedStore, tenant: str | None = None) -> Ticket:
    answer, _ = store.admit(RULES, LEASE, tenant)
    assert isinstance(answer, Ticket)
    return answer


def refused(store: SharedStore, tenant: str | None = None) -> Refusal:
    answer, _ = store.admit(RULES, LEASE, tenant)
    assert isinstance(answer, Refusal)
    return answer


def trip(store: SharedStore, tenant: str | None = None) -> Change:
    changes = [store.record(RULES, admitted(store, tenant), Outcome.FAILURE) for _ in range(3)]
    assert changes[:2] == [None, None]
    assert changes[2] is not None
    return changes[2]


def found_again(store: SharedStore) -> None:
    """Wait until this worker has seen that Redis is back."""
    give_up = time.monotonic() + 10
    while store.snapshot(RULES).degraded:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def lose(redis: RedisServer, *stores: SharedStore) -> None:
    redis.freeze()
    assert all(store.snapshot(RULES).degraded for store in stores)


def come_back(redis: RedisServer, *stores: SharedStore) -> None:
    redis.thaw()
    for store in stores:
        found_again(store)
