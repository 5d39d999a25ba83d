"""The breaker as a pybreaker, and under threads."""

import threading
from typing import Any

import pybreaker
import pytest

from ava.http import correlation
from ava.upstream import ProviderUnreachable, Service
from ava.upstream.breaker import Breaker, Hooks, MemoryStore, Rejected
from ava.upstream.circuit import Rules
from ava.upstream.tests.circuits import Worker

VAPI = Service("vapi", "Vapi")
RULES = Rules(threshold=3, recovery=30.0, successes=2)


class Listener(pybreaker.CircuitBreakerListener):
    def __init__(self) -> None:
        self.heard = []

    def failure(self, cb, exc):
        self.heard.append(("failure", type(exc)))


class Broken(pybreaker.CircuitBreakerListener):
    def failure(self, cb, exc):
        raise RuntimeError("listener bug")


@pytest.fixture
def transitions():
    return []


@pytest.fixture
def breaker(clock, transitions):
    hooks = Hooks(listeners=[transitions.append])
    return Breaker("vapi", rules=RULES, store=MemoryStore(clock), hooks=hooks)


def changes(transitions):
    return [(t.from_state, t.to_state) for t in transitions]


def fail():
    raise ProviderUnreachable(VAPI)


def fail_through(breaker, times=3):
    for _ in range(times):
        with pytest.raises(ProviderUnreachable):
            breaker.call(fail)


def test_the_third_failure_opens_it_and_is_still_raised_as_itself(breaker, transitions):
    fail_through(breaker)
    with pytest.raises(pybreaker.CircuitBreakerError) as caught:
        breaker.call(fail)
    refusal: Any = caught.value
    assert str(refusal) == "the breaker of vapi is open"
    assert refusal.retry_after == 30
    assert changes(transitions) == [("closed", "open")]


def test_a_transition_carries_the_correlation_id_of_the_call_that_caused_it(breaker, transitions):
    with correlation.bind("req-1"):
        fail_through(breaker, 2)
    with correlation.bind("req-2"):
        fail_through(breaker, 1)
    (transition,) = transitions
    assert transition.correlation_id == "req-2"
    assert transition.service == "vapi"
    assert transition.at.tzinfo is not None


def test_sixteen_threads_are_inside_at_the_same_time(breaker):
    barrier = threading.Barrier(16, timeout=10)
    done = []

    def run():
        breaker.call(barrier.wait)  # returns only if all sixteen are inside
        with breaker.calling():
            barrier.wait()
        done.append(True)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 16


def test_sixteen_failures_at_once_open_it_once(breaker, transitions):
    barrier = threading.Barrier(16, timeout=10)

    def fail_together():
        barrier.wait()
        fail()

    def run():
        with pytest.raises(ProviderUnreachable):
            breaker.call(fail_together)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changes(transitions) == [("closed", "open")]


def test_of_sixteen_callers_after_the_recovery_time_one_gets_through(breaker, clock, transitions):
    fail_through(breaker)
    clock.advance(30)
    barrier = threading.Barrier(16, timeout=10)
    passed, refused = [], []

    def run():
        barrier.wait()
        try:
            with breaker.calling():
                passed.append(True)
                barrier.wait()  # inside until the fifteen others have been refused
        except Rejected:
            refused.append(True)
            barrier.wait()

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), len(refused)) == (1, 15)
    assert changes(transitions) == [("closed", "open"), ("open", "half_open")]


def test_an_operator_need_not_wait_for_a_running_call(breaker):
    with breaker.calling():
        done = threading.Thread(target=Worker(breaker.store).move, args=("open",))
        done.start()
        done.join(timeout=5)
        assert not done.is_alive()
        assert breaker.snapshot().state == "open"


@pytest.mark.parametrize("cancellation", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_cancelled_call_is_no_failure_and_a_cancelled_probe_gives_back_its_lease(
    breaker, clock, cancellation
):
    def cancelled():
        raise cancellation

    for _ in range(5):
        with pytest.raises(cancellation):
            breaker.call(cancelled)
    assert breaker.snapshot().failures == 0
    fail_through(breaker)
    clock.advance(30)
    with pytest.raises(cancellation):
        breaker.call(cancelled)
    assert breaker.call(lambda: "next probe") == "next probe"


def test_pybreakers_listeners_hear_of_failures(breaker):
    listener = Listener()
    breaker.add_listener(listener)
    breaker.call(lambda x: x, 1)
    fail_through(breaker)
    assert listener.heard == [("failure", ProviderUnreachable)] * 3


@pytest.mark.parametrize(
    "use",
    [
        lambda breaker: breaker.state,
        lambda breaker: breaker.fail_counter,
        lambda breaker: breaker.open(),
    ],
)
def test_what_pybreaker_has_besides_fails_rather_than_says_something_else(breaker, use):
    with pytest.raises(AttributeError):
        use(breaker)


def test_a_listener_that_raises_breaks_no_call(breaker, clock):
    breaker.add_listener(Broken())
    assert breaker.call(lambda: "fine") == "fine"
    fail_through(breaker)
    clock.advance(30)
    breaker.call(lambda: None)
    breaker.call(lambda: None)
    assert breaker.snapshot().state == "closed"


def test_it_decorates(breaker):
    @breaker
    def double(x):
        return 2 * x

    assert double(4) == 8
    Worker(breaker.store).move("open")
    with pytest.raises(Rejected):
        double(4)
