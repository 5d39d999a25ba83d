"""Several threads of one worker when Redis is back, and workers that make no calls."""

import threading
from concurrent.futures import ThreadPoolExecutor

from ava.upstream.circuit import Change, Refusal
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

THREADS = 8


def test_threads_that_come_back_together_all_go_by_the_fleets_circuit(worker, redis, clock):
    one, other = worker(clock), worker()
    for _ in range(5):
        for store in (one, other):
            admitted(store)
        lose(redis, one, other)
        trip(one)
        clock.advance(RULES.recovery)  # alone it would let a probe through now
        come_back(redis, one, other)
        admitted(other)
        other.move(RULES, "open", "the fleet's own")
        together = threading.Barrier(THREADS)

        def ask(number: int, together=together):
            together.wait()
            return one.admit(RULES, LEASE)

        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(ask, range(THREADS)))
        assert {type(answer) for answer, _ in found} == {Refusal}
        assert {change for _, change in found} == {None}
        other.move(RULES, "closed", "the next round")


def test_a_worker_without_calls_comes_back_too_and_brings_what_it_knows(worker, redis):
    one, other = worker(), worker()
    admitted(one)
    lose(redis, one)
    trip(one)
    assert one.catch_up(RULES) is None
    redis.thaw()
    found_again(one)
    assert one.catch_up(RULES) == Change("closed", "open", ADOPTED)
    assert one.catch_up(RULES) is None
    refused(other)


def test_a_redis_that_forgot_learns_without_a_call_what_is_open(worker, redis):
    one, other, idle = worker(), worker(), worker()
    trip(one)
    for store in (one, other, idle):
        assert store.catch_up(RULES) is None
    redis.flush()
    for store in (idle, other, one):
        assert store.catch_up(RULES) is None
    assert 50 < worker().snapshot(RULES).retry_after <= 60


def test_a_worker_that_has_only_looked_knows_what_is_open_when_redis_is_lost(worker, redis):
    one, idle = worker(), worker()
    trip(one)
    idle.catch_up(RULES)
    lose(redis, idle)
    refused(idle)


def test_catching_up_with_an_empty_redis_makes_nothing(worker, redis):
    assert worker().catch_up(RULES) is None
    assert redis.client.dbsize() == 0


def test_what_was_seen_long_ago_is_nothing_to_go_by(worker, redis, clock):
    store = worker(clock)
    trip(store)
    clock.advance(2 * RULES.recovery + 1)
    lose(redis, store)
    # Not even as probes, of which there would be one at a time.
    assert [admitted(store).probe for _ in range(3)] == [None] * 3
