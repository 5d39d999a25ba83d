"""The shared circuit when Redis forgets, or a replica takes over: every step by a test's order."""

from ava.upstream.circuit import OperatorOverride, Outcome, Refusal
from ava.upstream.tests.circuits import RULES


def test_a_flushed_redis_learns_again_that_it_was_open_and_it_is_no_second_change(worker, fake):
    one, other = worker(), worker()
    one.trip()
    other.refused()
    fake.flush()
    assert other.admit() == (Refusal("open", RULES.recovery), None)
    assert one.refused().retry_after == RULES.recovery
    worker().refused()


def test_a_flushed_redis_gets_the_probe_back_that_is_out(worker, fake, clock):
    one, other = worker(), worker()
    one.trip()
    other.catch_up()
    clock.advance(RULES.recovery)
    probe = one.admitted()
    fake.flush()
    other.catch_up()  # it has seen the circuit while it was open, and puts that back
    one.catch_up()
    assert other.admit() == (Refusal("half_open", 1.0), None)
    one.record(probe, Outcome.SUCCESS)
    assert one.circuit.successes == 1


def test_what_one_has_seen_later_is_put_back_over_what_another_had_seen(worker, fake):
    """As after a replica took over that had missed the last changes."""
    one, other = worker(), worker()
    one.trip()
    other.refused()
    before = dict(fake.values)
    one.move("closed")
    fake.values = before
    other.refused()
    one.admitted()
    other.admitted()


def test_a_flushed_redis_learns_a_standing_force_again(worker, fake):
    one, other = worker(), worker()
    one.obey(OperatorOverride(5, "open", seconds=600, reason="works"))
    one.refused()
    fake.flush()
    assert one.refused().retry_after == 600
    assert other.refused().retry_after == 600
    assert other.obey(OperatorOverride(4)) is None  # an older one is still an older one
    other.refused()


def test_a_flush_while_closed_costs_nothing(worker, fake):
    one = worker()
    ticket = one.admitted()
    fake.flush()
    assert one.admit()[1] is None
    assert one.record(ticket, Outcome.SUCCESS) is None
