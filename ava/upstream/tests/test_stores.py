"""Contract of breaker stores; each one runs through the same suite."""

import pytest

from ava.upstream.circuit import Change, OperatorOverride, Outcome, Refusal
from ava.upstream.tests.circuits import LEASE, STORE_RULES, half_open


def test_three_failures_in_a_row_open_it_and_only_the_third_caller_gets_the_change(store):
    changes = [store.settle(Outcome.FAILURE) for _ in range(3)]
    assert changes == [None, None, Change("closed", "open", "3 failures in a row")]


def test_a_success_in_between_starts_the_count_anew(store):
    for _ in range(10):
        store.settle(Outcome.FAILURE)
        store.settle(Outcome.FAILURE)
        store.settle(Outcome.SUCCESS)
    assert store.snapshot().state == "closed"
    assert store.snapshot().failures == 0


def test_a_neutral_outcome_neither_counts_nor_forgives(store):
    store.settle(Outcome.FAILURE)
    store.settle(Outcome.NEUTRAL)
    store.settle(Outcome.FAILURE)
    assert store.snapshot().failures == 2
    assert store.settle(Outcome.FAILURE).to_state == "open"


def test_open_refuses_for_the_whole_recovery_time_and_counts_down(store, clock):
    store.trip()
    left = []
    for _ in range(3):
        left.append(store.refused().retry_after)
        clock.advance(14.9)
    assert left == pytest.approx([30, 15.1, 0.2])


def test_the_first_caller_after_the_recovery_time_is_the_probe_and_gets_the_change(store, clock):
    store.trip()
    clock.advance(30)
    answer, change = store.admit()
    assert answer.probe is not None
    assert change == Change("open", "half_open", "recovery time is over")


def test_while_a_probe_is_out_all_others_are_refused(store, clock):
    store.trip()
    clock.advance(30)
    store.admitted()
    for _ in range(5):
        assert store.refused() == Refusal("half_open", 1.0)


def test_two_probes_that_succeed_close_it(store, clock):
    store.trip()
    clock.advance(30)
    assert store.settle(Outcome.SUCCESS) is None
    assert store.settle(Outcome.SUCCESS) == Change("half_open", "closed", "2 probes succeeded")
    assert store.snapshot().retry_after is None


def test_closing_tells_how_long_it_was_not_closed_failed_probes_included(store, clock):
    store.trip()
    clock.advance(30)
    assert store.settle(Outcome.FAILURE).seconds is None
    clock.advance(45)
    store.settle(Outcome.SUCCESS)
    assert store.settle(Outcome.SUCCESS).seconds == pytest.approx(75)
    store.trip()
    clock.advance(12)
    assert store.obey(OperatorOverride(1, reason="fixed")).seconds == pytest.approx(12)


def test_a_probe_that_fails_opens_it_for_the_whole_time_again(store, clock):
    store.trip()
    clock.advance(30)
    store.settle(Outcome.SUCCESS)
    assert store.settle(Outcome.FAILURE) == Change("half_open", "open", "the probe failed")
    clock.advance(29.9)
    store.refused()
    clock.advance(0.1)
    assert store.settle(Outcome.SUCCESS) is None  # the success before the failure is forgotten


def test_a_neutral_probe_makes_room_for_the_next_at_once(store, clock):
    half_open(store, clock)
    assert store.admitted().probe is not None


def test_a_lost_probe_delays_recovery_by_one_lease(store, clock):
    half_open(store, clock)
    store.admitted()
    clock.advance(LEASE - 0.1)
    store.refused()
    clock.advance(0.1)
    store.admitted()


def test_a_probe_that_lost_its_lease_to_another_is_not_heard(store, clock):
    half_open(store, clock)
    slow = store.admitted()
    clock.advance(LEASE)
    current = store.admitted()
    assert store.record(slow, Outcome.FAILURE) is None
    store.refused()  # the current probe is still out
    store.record(current, Outcome.SUCCESS)
    assert store.circuit.successes == 1


def test_an_outcome_of_an_older_generation_changes_nothing(store, clock):
    stale = [store.admitted() for _ in range(20)]
    store.trip()
    clock.advance(30)
    store.settle(Outcome.SUCCESS)
    seen = store.snapshot()
    for ticket in stale[:10]:
        assert store.record(ticket, Outcome.FAILURE) is None
        assert store.record(ticket, Outcome.SUCCESS) is None
    assert store.snapshot() == seen
    store.settle(Outcome.SUCCESS)
    for ticket in stale[10:]:
        assert store.record(ticket, Outcome.FAILURE) is None
    assert store.snapshot().failures == 0


def test_a_ticket_is_good_for_one_outcome_in_half_open(store, clock):
    half_open(store, clock)
    ticket = store.admitted()
    store.record(ticket, Outcome.SUCCESS)
    assert store.record(ticket, Outcome.SUCCESS) is None
    assert store.snapshot().state == "half_open"


def test_reading_changes_nothing(store, clock):
    store.settle(Outcome.FAILURE)
    store.settle(Outcome.FAILURE)
    for _ in range(10):
        assert store.snapshot().failures == 2
    store.settle(Outcome.FAILURE)
    clock.advance(31)
    for _ in range(10):
        seen = store.snapshot()
        assert (seen.state, seen.retry_after) == ("open", 0.0)
    assert store.admitted().probe is not None


def test_forced_open_refuses_beyond_the_recovery_time_until_a_reset(store, clock):
    assert store.obey(OperatorOverride(1, "open", reason="works")) == Change(
        "closed", "open", "forced open: works"
    )
    clock.advance(3600)
    assert store.refused().retry_after == 30
    assert store.obey(OperatorOverride(2, reason="done")) == Change("open", "closed", "reset: done")
    assert store.admitted().probe is None


def test_a_force_ends_by_itself_and_a_probe_tries_first(store, clock):
    store.obey(OperatorOverride(1, "open", seconds=60))
    clock.advance(59)
    assert store.refused().retry_after == 1
    assert store.snapshot().retry_after == 1
    clock.advance(1)
    assert store.snapshot().retry_after == 0
    answer, change = store.admit()
    assert answer.probe is not None
    assert change.to_state == "half_open"


def test_forced_closed_lets_everything_through_and_hears_nothing(store, clock):
    store.trip()
    forced = OperatorOverride(1, "closed", seconds=60, reason="trust it")
    assert store.obey(forced) == Change("open", "closed", "forced closed: trust it")
    for _ in range(10):
        assert store.settle(Outcome.FAILURE) is None
    late = store.admitted()
    clock.advance(60)
    assert store.record(late, Outcome.FAILURE) is None
    assert store.snapshot().failures == 0
    assert store.trip().to_state == "open"


def test_an_order_is_carried_out_once_and_an_older_one_never(store):
    assert store.obey(OperatorOverride(5, "open")) is not None
    assert store.obey(OperatorOverride(5, "open")) is None
    assert store.obey(OperatorOverride(4)) is None
    store.refused()
    assert store.obey(OperatorOverride(6)) is not None
    assert store.obey(OperatorOverride(5, "open")) is None
    store.admitted()


def test_an_order_that_is_over_ends_the_one_before_it_and_forces_nothing(store):
    store.obey(OperatorOverride(1, "closed"))
    assert store.obey(OperatorOverride(2, "open", seconds=0)) is None
    assert store.trip().to_state == "open"


def test_looking_shows_what_an_order_will_do_and_does_not_do_it(store):
    assert store.snapshot(OperatorOverride(1, "open")).state == "open"
    assert store.snapshot().state == "closed"


def test_a_reset_closes_it_and_forgets_calls_on_their_way(store, clock):
    store.settle(Outcome.FAILURE)
    store.settle(Outcome.FAILURE)
    late = store.admitted()
    assert store.move("closed", "reset") is None
    store.record(late, Outcome.FAILURE)
    assert store.snapshot().failures == 0
    store.trip()
    assert store.move("closed", "reset") == Change("open", "closed", "reset")


def test_a_move_does_not_free_what_is_held_by_force(store):
    store.obey(OperatorOverride(1, "open"))
    assert store.move("closed", "reset") is None
    store.refused()


def test_forced_open_holds_even_where_a_breaker_tries_again_at_once(store):
    store.rules = STORE_RULES._replace(recovery=0.0)
    store.obey(OperatorOverride(1, "open"))
    assert isinstance(store.admit()[0], Refusal)
