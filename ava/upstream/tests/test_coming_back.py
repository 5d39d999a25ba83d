"""Several threads of one worker when Redis is back, and workers that make no calls."""

import threading
from concurrent.futures import ThreadPoolExecutor

from ava.upstream.circuit import Refusal
from ava.upstream.tests.circuits import RULES, OwnLine
from ava.upstream.tests.test_shared import TAKEN_OVER

THREADS = 8


def test_threads_that_come_back_together_all_go_by_the_shared_circuit(worker, fake, clock):
    line = OwnLine(fake)
    one, other = worker(line), worker()
    for _ in range(5):
        one.admitted()
        line.cut = True
        one.trip()
        clock.advance(RULES.recovery)  # alone it would let a probe through now
        other.move("open")
        line.cut = False
        together = threading.Barrier(THREADS)

        def ask(number, together=together):
            together.wait()
            return one.admit()

        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(ask, range(THREADS)))
        assert {type(answer) for answer, _ in found} == {Refusal}
        assert {change for _, change in found} == {None}
        other.move("closed")


def test_threads_that_come_back_together_take_over_once(worker, fake):
    one = worker()
    fake.lost = True
    one.trip()
    fake.lost = False
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda number: one.admit(), range(THREADS)))
    assert {type(answer) for answer, _ in found} == {Refusal}
    assert [change for _, change in found if change] == [TAKEN_OVER]


def test_a_worker_without_calls_comes_back_too_and_brings_what_it_knows(worker, fake):
    one, other = worker(), worker()
    fake.lost = True
    one.trip()
    assert one.catch_up() is None
    fake.lost = False
    assert one.catch_up() == TAKEN_OVER
    assert one.catch_up() is None
    other.refused()


def test_a_redis_that_forgot_learns_without_a_call_what_is_open(worker, fake):
    one, other, idle = worker(), worker(), worker()
    one.trip()
    for each in (one, other, idle):
        assert each.catch_up() is None
    fake.flush()
    for each in (idle, other, one):
        assert each.catch_up() is None
    assert worker().snapshot().retry_after == RULES.recovery


def test_a_worker_that_has_only_looked_knows_what_is_open_when_redis_is_lost(worker, fake):
    one, idle = worker(), worker()
    one.trip()
    idle.catch_up()
    fake.lost = True
    idle.refused()


def test_catching_up_with_an_empty_redis_writes_nothing(worker, fake):
    assert worker().catch_up() is None
    assert fake.values == {}


def test_reading_puts_nothing_back(worker, fake):
    one = worker()
    one.trip()
    fake.flush()
    assert one.snapshot().state == "open"
    assert fake.values == {}
