"""A clock that goes back, on either store: nothing lasts longer than it was meant to."""

import pytest

from ava.upstream.circuit import OperatorOverride, Refusal, Rules, Ticket
from ava.upstream.redis_store import RedisCircuit, SharedStore
from ava.upstream.tests.circuits import LEASE, OnClock, Worker

RULES = Rules(threshold=3, recovery=30.0, successes=2)
HOUR = 3600.0


@pytest.fixture
def store(make_store, clock):
    clock.advance(10 * HOUR)
    return make_store(clock, RULES)


def refused_for(store, clock, seconds):
    """Whether the next call passes after so many seconds, and not before."""
    answer = store.admit()[0]
    assert isinstance(answer, Refusal)
    assert answer.retry_after <= seconds
    clock.advance(seconds - 0.25)
    assert isinstance(store.admit()[0], Refusal)
    clock.advance(0.25)
    return isinstance(store.admit()[0], Ticket)


def test_it_stays_open_for_no_longer_than_the_recovery_time(store, clock):
    store.trip()
    clock.advance(-HOUR)
    assert refused_for(store, clock, RULES.recovery)


def test_a_prober_that_died_holds_it_up_for_no_longer_than_its_lease(store, clock):
    store.trip()
    clock.advance(RULES.recovery)
    assert isinstance(store.admit()[0], Ticket)
    clock.advance(-HOUR)
    assert isinstance(store.admit()[0], Refusal)
    clock.advance(LEASE)
    assert isinstance(store.admit()[0], Ticket)


def test_a_force_holds_for_no_longer_than_it_was_given(store, clock):
    store.obey(OperatorOverride(1, "open", seconds=60.0))
    clock.advance(-HOUR)
    assert refused_for(store, clock, 60.0)


def test_a_snapshot_shows_no_longer_wait(store, clock):
    store.trip()
    clock.advance(-HOUR)
    assert store.snapshot().retry_after == RULES.recovery


def test_redis_own_clock_may_go_back(link, redis):
    """A circuit of an hour ahead is what is left when it does."""
    moment = redis.client.time()[0] + HOUR
    ahead, now = (
        Worker(SharedStore(RedisCircuit(way, "vapi")), RULES)
        for way in (OnClock(link, lambda: moment), link)
    )
    ahead.trip()
    assert now.admit()[0] == Refusal("open", RULES.recovery)
    assert 0 < now.admit()[0].retry_after < RULES.recovery
