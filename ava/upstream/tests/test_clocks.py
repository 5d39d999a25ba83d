"""A clock that goes back, on either store: nothing lasts longer than it was meant to."""

import pytest

from ava.upstream.circuit import Order, Outcome, Refusal, Rules, Ticket
from ava.upstream.redis import RedisStore

RULES = Rules(threshold=3, recovery=30.0, successes=2)
LEASE = 12.0
HOUR = 3600.0


@pytest.fixture
def store(make_store, clock):
    clock.advance(10 * HOUR)
    return make_store(clock)


def trip(store):
    for _ in range(RULES.threshold):
        store.record(RULES, admit(store), Outcome.FAILURE)


def admit(store):
    return store.admit(RULES, LEASE)[0]


def refused_for(store, clock, seconds):
    """Whether the next call passes after so many seconds, and not before."""
    answer = admit(store)
    assert isinstance(answer, Refusal)
    assert answer.retry_after <= seconds
    clock.advance(seconds - 0.25)
    assert isinstance(admit(store), Refusal)
    clock.advance(0.25)
    return isinstance(admit(store), Ticket)


def test_it_stays_open_for_no_longer_than_the_recovery_time(store, clock):
    trip(store)
    clock.advance(-HOUR)
    assert refused_for(store, clock, RULES.recovery)


def test_a_prober_that_died_holds_it_up_for_no_longer_than_its_lease(store, clock):
    trip(store)
    clock.advance(RULES.recovery)
    assert isinstance(admit(store), Ticket)
    clock.advance(-HOUR)
    assert isinstance(admit(store), Refusal)
    clock.advance(LEASE)
    assert isinstance(admit(store), Ticket)


def test_a_force_holds_for_no_longer_than_it_was_given(store, clock):
    store.obey(RULES, Order(1, "open", seconds=60.0))
    clock.advance(-HOUR)
    assert refused_for(store, clock, 60.0)


def test_who_looks_is_told_of_no_longer_wait(store, clock):
    trip(store)
    clock.advance(-HOUR)
    assert store.snapshot(RULES).retry_after == RULES.recovery


def test_redis_own_clock_may_go_back(link, redis):
    """A circuit of an hour ahead is what is left when it does."""
    moment = redis.client.time()[0] + HOUR
    trip(RedisStore(link, "vapi", clock=lambda: moment))
    answer = RedisStore(link, "vapi").admit(RULES, LEASE)[0]
    assert answer == Refusal("open", RULES.recovery)
    later = RedisStore(link, "vapi").admit(RULES, LEASE)[0]
    assert 0 < later.retry_after < RULES.recovery
