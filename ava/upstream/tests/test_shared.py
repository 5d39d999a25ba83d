"""The shared store when Redis is lost, forgets, and comes back: with a real Redis."""

import pytest

from ava.upstream.circuit import Change, Order, Outcome, Refusal, Ticket
from ava.upstream.shared import ADOPTED
from ava.upstream.tests.workers import (
    LEASE,
    RULES,
    admitted,
    come_back,
    found_again,
    lose,
    refused,
    trip,
)


def test_what_one_worker_counts_opens_it_for_all(worker):
    one, other = worker(), worker()
    one.record(RULES, admitted(one), Outcome.FAILURE)
    other.record(RULES, admitted(other), Outcome.FAILURE)
    last = admitted(other)
    assert one.record(RULES, admitted(one), Outcome.FAILURE) == Change(
        "closed", "open", "3 failures in a row"
    )
    assert other.record(RULES, last, Outcome.FAILURE) is None
    refused(other)


def test_alone_a_worker_still_trips_and_says_that_it_is_alone(worker, redis):
    store = worker()
    admitted(store)
    lose(redis, store)
    assert trip(store) == Change("closed", "open", "3 failures in a row", local=True)
    assert refused(store).retry_after > 59
    assert store.snapshot(RULES).degraded


def test_a_worker_that_starts_while_redis_is_lost_works(worker, redis):
    redis.stop()
    store = worker()
    assert trip(store).local
    refused(store)


def test_what_was_open_stays_open_for_the_time_left(worker, redis):
    one, other = worker(), worker()
    trip(one)
    assert refused(other).state == "open"
    lose(redis, one, other)
    for store in (one, other):
        assert 50 < refused(store).retry_after <= 60


def test_a_call_that_began_before_the_loss_counts_alone(worker, redis):
    store = worker()
    tickets = [admitted(store) for _ in range(3)]
    lose(redis, store)
    changes = [store.record(RULES, ticket, Outcome.FAILURE) for ticket in tickets]
    assert changes[-1] == Change("closed", "open", "3 failures in a row", local=True)


def test_a_call_that_began_alone_counts_after_the_return(worker, redis):
    store = worker()
    admitted(store)
    lose(redis, store)
    tickets = [admitted(store) for _ in range(3)]
    come_back(redis, store)
    admitted(store)
    changes = [store.record(RULES, ticket, Outcome.FAILURE) for ticket in tickets]
    assert changes[-1] == Change("closed", "open", "3 failures in a row")


@pytest.mark.parametrize("empty", [False, True])
def test_what_opened_on_a_worker_alone_opens_for_the_fleet_on_return(worker, redis, empty):
    one, other = worker(), worker()
    for store in (one, other):
        admitted(store)
    lose(redis, one, other)
    trip(one)
    if empty:
        redis.stop()
        redis.start()
    come_back(redis, one, other)
    answer, change = one.admit(RULES, LEASE)
    assert isinstance(answer, Refusal)
    assert change == Change("closed", "open", ADOPTED)
    assert 50 < refused(other).retry_after <= 60


def test_two_workers_that_opened_alone_make_one_change_on_return(worker, redis):
    stores = [worker() for _ in range(2)]
    for store in stores:
        admitted(store)
    lose(redis, *stores)
    for store in stores:
        trip(store)
    come_back(redis, *stores)
    changes = [store.admit(RULES, LEASE)[1] for store in stores]
    assert changes == [Change("closed", "open", ADOPTED), None]


def test_what_the_fleet_has_learnt_meanwhile_is_worth_more(worker, redis):
    """One worker cannot reach Redis; the others can, and have seen the provider recover."""
    one, other = worker(), worker()
    for store in (one, other):
        admitted(store)
    lose(redis, one)
    trip(one)
    redis.thaw()
    other.move(RULES, "open", "by hand")
    other.move(RULES, "closed", "by hand")
    found_again(one)
    assert one.admit(RULES, LEASE)[1] is None
    admitted(one)
    admitted(other)


def test_what_closed_alone_is_still_open_for_the_fleet(worker, redis):
    store = worker()
    trip(store)
    lose(redis, store)
    store.move(RULES, "closed", "by hand")
    admitted(store)
    come_back(redis, store)
    refused(store)


def test_a_flushed_redis_learns_again_that_it_was_open_and_nobody_is_told_twice(worker, redis):
    one, other = worker(), worker()
    trip(one)
    refused(other)
    redis.flush()
    answer, change = other.admit(RULES, LEASE)
    assert isinstance(answer, Refusal)
    assert change is None
    assert 50 < refused(one).retry_after <= 60
    assert isinstance(worker().admit(RULES, LEASE)[0], Refusal)


def test_a_flushed_redis_learns_a_standing_force_again(worker, redis):
    one, other = worker(), worker()
    one.obey(RULES, Order(5, "open", seconds=600, reason="works"))
    refused(one)
    redis.flush()
    assert refused(one).retry_after > 500
    assert refused(other).retry_after > 500
    assert other.obey(RULES, Order(4)) is None  # an older order is still an older order
    refused(other)


def test_a_flush_while_closed_costs_nothing(worker, redis):
    store = worker()
    admitted(store)
    redis.flush()
    assert store.admit(RULES, LEASE)[1] is None
    admitted(store)


def test_orders_are_obeyed_alone_and_told_on_return(worker, redis):
    one, other = worker(), worker()
    for store in (one, other):
        admitted(store)
    lose(redis, one, other)
    assert one.obey(RULES, Order(1, "open", reason="works")) == Change(
        "closed", "open", "works", local=True
    )
    refused(one)
    admitted(other)
    come_back(redis, one, other)
    assert one.admit(RULES, LEASE)[1] == Change("closed", "open", "works")
    refused(other)


def test_a_replica_that_takes_no_writes_counts_as_lost(worker, redis):
    store = worker()
    admitted(store)
    redis.client.replicaof("127.0.0.1", "9")
    try:
        tickets = [admitted(store) for _ in range(3)]
        changes = [store.record(RULES, ticket, Outcome.FAILURE) for ticket in tickets]
        assert changes[-1] is not None
        assert changes[-1].local
    finally:
        redis.client.replicaof("NO", "ONE")
    found_again(store)
    assert store.admit(RULES, LEASE)[1] == Change("closed", "open", ADOPTED)


def test_a_change_whose_answer_was_lost_is_told_on_return(worker, redis):
    one, other = worker(), worker()
    for _ in range(2):
        one.record(RULES, admitted(one), Outcome.FAILURE)
    third = admitted(one)
    redis.freeze()
    assert one.record(RULES, third, Outcome.FAILURE) is None  # Redis does it when it wakes up
    redis.thaw()
    for store in (one, other):
        found_again(store)
    refused(other)
    answer, change = one.admit(RULES, LEASE)
    assert isinstance(answer, Refusal)
    assert change == Change("closed", "open", "3 failures in a row")
    assert one.admit(RULES, LEASE)[1] is None


def test_a_change_whose_answer_came_is_not_told_again(worker, redis):
    store = worker()
    trip(store)
    lose(redis, store)
    come_back(redis, store)
    assert store.admit(RULES, LEASE)[1] is None


def test_a_reset_given_alone_is_told_on_return_and_lets_the_call_through(worker, redis):
    store = worker()
    trip(store)
    lose(redis, store)
    assert store.obey(RULES, Order(1, reason="fixed")).local
    come_back(redis, store)
    answer, change = store.admit(RULES, LEASE)
    assert change == Change("open", "closed", "fixed")
    assert [store.record(RULES, answer, Outcome.FAILURE) for _ in range(3)][-1] is not None


def test_a_probe_that_comes_right_after_a_flush_is_kept(worker, redis):
    one, other = worker(), worker()
    at_once = RULES._replace(recovery=0.0)
    trip(one)
    refused(other)
    redis.flush()
    trip(worker())  # a worker that has seen nothing begins anew, and opens it again
    answer, change = other.admit(at_once, LEASE)
    assert answer.probe is not None
    assert change.to_state == "half_open"


def test_what_was_open_to_one_tenant_stays_so_while_redis_is_lost(worker, redis):
    one, other = worker(), worker()
    trip(one, "ada")
    refused(other, "ada")
    lose(redis, one, other)
    for store in (one, other):
        refused(store, "ada")
        admitted(store, "eve")
        assert store.snapshot(RULES).only == "ada"


def test_what_opened_alone_to_one_tenant_opens_for_the_fleet_to_that_one(worker, redis):
    one, other = worker(), worker()
    for store in (one, other):
        admitted(store)
    lose(redis, one, other)
    trip(one, "ada")
    come_back(redis, one, other)
    answer, change = one.admit(RULES, LEASE, "eve")
    assert isinstance(answer, Ticket)
    assert change == Change("closed", "open", ADOPTED)
    refused(other, "ada")
    admitted(other, "eve")
    assert other.snapshot(RULES).only == "ada"
