"""The breaker under operators' overrides: switched off, forced, reset."""

import threading

import pytest

from ava.upstream.breaker import Breaker, Hooks, MemoryStore, Rejected
from ava.upstream.circuit import OperatorOverride
from ava.upstream.tests.test_breaker import RULES, Listener, changes, fail_through


class Operator:
    """The switch and the override source."""

    def __init__(self) -> None:
        self.on = True
        self.override: OperatorOverride | None = None


@pytest.fixture
def operator():
    return Operator()


@pytest.fixture
def transitions():
    return []


@pytest.fixture
def breaker(clock, operator, transitions):
    return Breaker(
        "vapi",
        rules=RULES,
        store=MemoryStore(clock),
        hooks=Hooks(lambda: operator.on, lambda label: operator.override, [transitions.append]),
    )


def test_switched_off_it_lets_everything_through_and_records_nothing(
    breaker, operator, transitions
):
    listener = Listener()
    fail_through(breaker)
    breaker.add_listener(listener)
    operator.on = False
    assert breaker.snapshot().state == "closed"
    fail_through(breaker, 10)
    assert breaker.snapshot().failures == 0
    assert [event for event in listener.heard if event[0] == "failure"] == []
    assert [(t.to_state, t.reason) for t in transitions][-1] == ("closed", "switched off")


def test_switched_on_again_it_starts_from_closed(breaker, operator):
    fail_through(breaker)
    operator.on = False
    breaker.call(lambda: None)
    operator.on = True
    assert breaker.snapshot().state == "closed"
    fail_through(breaker, 2)
    assert breaker.snapshot().state == "closed"
    fail_through(breaker, 1)
    assert breaker.snapshot().state == "open"


def test_switched_off_beats_forced_open(breaker, operator):
    operator.override = OperatorOverride(1, "open")
    operator.on = False
    assert breaker.call(lambda: "through") == "through"


def test_forced_open_shows_at_once_and_refuses_until_its_end(breaker, operator, clock, transitions):
    operator.override = OperatorOverride(1, "open", reason="works", seconds=3600)
    assert breaker.snapshot().state == "open"
    assert transitions == []  # looking is not doing
    with pytest.raises(Rejected) as caught:
        breaker.call(lambda: None)
    assert caught.value.retry_after == 3600
    assert [(t.to_state, t.reason) for t in transitions] == [("open", "forced open: works")]
    clock.advance(59 * 60)
    assert breaker.snapshot().retry_after == 60
    clock.advance(60)
    seen = breaker.snapshot()
    assert (seen.state, seen.retry_after) == ("open", 0)  # in the ordinary way from now on
    breaker.call(lambda: None)
    assert changes(transitions) == [("closed", "open"), ("open", "half_open")]


def test_forced_open_without_an_end_asks_to_wait_the_recovery_time(breaker, operator, clock):
    operator.override = OperatorOverride(1, "open")
    for _ in range(3):
        with pytest.raises(Rejected) as caught:
            breaker.call(lambda: None)
        assert caught.value.retry_after == 30
        clock.advance(100)


def test_a_force_whose_end_has_passed_before_it_was_heard_of_holds_nothing(breaker, operator):
    operator.override = OperatorOverride(1, "open", seconds=0)
    assert breaker.snapshot().state == "closed"
    assert breaker.call(lambda: "through") == "through"


def test_forced_closed_never_opens(breaker, operator):
    operator.override = OperatorOverride(1, "closed")
    fail_through(breaker, 10)
    assert breaker.snapshot().state == "closed"


def test_a_reset_ends_a_force_and_closes_once(breaker, operator, transitions):
    operator.override = OperatorOverride(7, "open")
    with pytest.raises(Rejected):
        breaker.call(lambda: None)
    operator.override = OperatorOverride(8, reason="fixed")
    assert breaker.snapshot().state == "closed"
    breaker.call(lambda: None)
    assert (transitions[-1].to_state, transitions[-1].reason) == ("closed", "reset: fixed")
    fail_through(breaker)
    assert breaker.snapshot().state == "open"


def test_an_order_that_comes_late_never_undoes_a_newer_one(clock, operator, transitions):
    shared = MemoryStore(clock)
    late = OperatorOverride(1, "open")
    quick, slow = (
        Breaker(
            "vapi",
            rules=RULES,
            store=shared,
            hooks=Hooks(override=given, listeners=[transitions.append]),
        )
        for given in (lambda label: operator.override, lambda label: late)
    )
    operator.override = OperatorOverride(2, reason="fixed")
    quick.call(lambda: None)
    slow.call(lambda: None)
    assert quick.snapshot().state == "closed"
    assert transitions == []


def test_many_threads_carry_out_one_order_once(breaker, operator, transitions):
    breaker.call(lambda: None)
    operator.override = OperatorOverride(1, "open", reason="works")
    barrier = threading.Barrier(16, timeout=10)

    def run():
        barrier.wait()
        with pytest.raises(Rejected):
            breaker.call(lambda: None)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changes(transitions) == [("closed", "open")]
