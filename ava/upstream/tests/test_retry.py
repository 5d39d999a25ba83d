"""Retries: when something is tried again, and when never."""

import socket

import pytest

from ava.upstream import Policy, ProviderRateLimited, ProviderUnreachable, metrics
from ava.upstream.tests.conftest import counted
from ava.upstream.tests.wire import OK, answering, status
from ava.upstream.transport import Budget

POLICY = Policy(backoff=0.2, patience=2.0)


def in_turn(*responses):
    """Answer each connection's requests with these, in the order of arrival."""
    left = list(responses)

    def script(line):
        while line.read_request():
            response = left.pop(0)
            if response is None:
                return
            line.send(response)

    return script


def test_a_get_that_fails_twice_succeeds_at_the_third_attempt(serve, make_door):
    wire = serve(in_turn(status(500), status(503), OK))
    door = make_door(wire.url)
    assert door.send("GET", "/").status == 200
    assert counted(metrics.RETRIES, door) == 2
    assert door.snapshot().failures == 0


def test_three_failed_attempts_are_one_failure_for_the_breaker(serve, make_door):
    wire = serve(answering(status(502)))
    door = make_door(wire.url)
    with pytest.raises(ProviderUnreachable):
        door.send("GET", "/")
    assert len(wire.requests) == 3
    assert door.snapshot().failures == 1


@pytest.mark.parametrize("code", [408, 500, 503])
def test_a_post_is_never_sent_twice(serve, make_door, code):
    wire = serve(answering(status(code)))
    with pytest.raises(ProviderUnreachable) as caught:
        make_door(wire.url).send("POST", "/", json={})
    assert len(wire.requests) == 1
    assert not caught.value.unsent


def test_a_post_that_timed_out_is_never_sent_twice(serve, make_door):
    def script(line):
        line.read_request()
        line.hang()

    wire = serve(script)
    with pytest.raises(ProviderUnreachable) as caught:
        make_door(wire.url, deadline=0.3).send("POST", "/", json={})
    assert len(wire.requests) == 1
    assert not caught.value.unsent


def test_a_post_that_is_declared_repeatable_is_tried_again(serve, make_door):
    wire = serve(in_turn(status(500), OK))
    assert make_door(wire.url).send("POST", "/", repeatable=True).status == 200
    assert len(wire.requests) == 2


def test_a_get_that_is_declared_unrepeatable_is_not(serve, make_door):
    wire = serve(answering(status(500)))
    with pytest.raises(ProviderUnreachable):
        make_door(wire.url).send("GET", "/", repeatable=False)
    assert len(wire.requests) == 1


def test_a_post_that_was_certainly_not_sent_is_tried_again(make_door):
    door = make_door("http://127.0.0.1:1")
    with pytest.raises(ProviderUnreachable) as caught:
        door.send("POST", "/")
    assert caught.value.unsent
    assert counted(metrics.RETRIES, door) == 2


def test_an_unknown_host_name_is_unsent(make_door, monkeypatch):
    def unknown(*args):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProviderUnreachable) as caught:
        make_door("http://no-such-provider.invalid").send("POST", "/")
    assert caught.value.unsent


def test_once_an_attempt_may_have_arrived_the_whole_is_not_unsent(serve, make_door):
    def script(line):
        line.read_request()
        wire._listener.close()  # the next one is refused

    wire = serve(script)
    with pytest.raises(ProviderUnreachable) as caught:
        make_door(wire.url).send("GET", "/")
    assert not caught.value.unsent


@pytest.mark.parametrize("code", [400, 404, 409, 422])
def test_an_answer_is_not_tried_again(serve, make_door, code):
    wire = serve(answering(status(code)))
    assert make_door(wire.url).send("GET", "/").status == code
    assert len(wire.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_429_is_tried_again_only_after_the_short_wait_it_asks_for(serve, make_door, method):
    wire = serve(in_turn(status(429, "Retry-After: 0"), OK))
    assert make_door(wire.url).send(method, "/").status == 200


@pytest.mark.parametrize("asked", [[], ["Retry-After: 60"], ["Retry-After: soon"]])
def test_a_429_is_otherwise_handed_on(serve, make_door, asked):
    wire = serve(answering(status(429, *asked)))
    with pytest.raises(ProviderRateLimited) as caught:
        make_door(wire.url).send("GET", "/")
    assert len(wire.requests) == 1
    assert caught.value.retry_after == (60 if asked == ["Retry-After: 60"] else None)


def test_a_provider_that_asks_for_a_long_pause_is_not_tried_again(serve, make_door):
    wire = serve(answering(status(503, "Retry-After: 3600")))
    with pytest.raises(ProviderUnreachable) as caught:
        make_door(wire.url).send("GET", "/")
    assert len(wire.requests) == 1
    assert caught.value.retry_after is None


def test_an_outage_does_not_triple_the_load(serve, make_door, settings):
    settings.BREAKER_THRESHOLD = 1000
    wire = serve(answering(status(500)))
    door = make_door(wire.url)
    for _ in range(100):
        with pytest.raises(ProviderUnreachable):
            door.send("GET", "/")
    assert 100 + Budget.MOST <= len(wire.requests) <= 100 + Budget.MOST + 100 * Budget.SHARE + 5


def test_the_budget_comes_back_in_quiet_times(clock):
    budget = Budget(clock)
    while budget.spend():
        pass
    clock.advance(9)
    assert not budget.spend()
    clock.advance(1.1)
    assert budget.spend()
    assert not budget.spend()
    clock.advance(1_000_000)
    assert sum(budget.spend() for _ in range(100)) == Budget.MOST


def test_five_operations_earn_one_retry(clock):
    budget = Budget(clock)
    while budget.spend():
        pass
    for _ in range(5):
        assert not budget.spend()
        budget.earn()
    assert budget.spend()


def test_pauses_double_and_are_jittered_over_their_whole_length():
    assert [POLICY.pause(n, 10, None, chance=lambda: 1.0) for n in (1, 2, 3, 9)] == [
        0.2,
        0.4,
        0.8,
        2.0,
    ]
    assert POLICY.pause(3, 10, None, chance=lambda: 0.0) == 0


def test_no_pause_outlasts_the_deadline():
    assert POLICY.pause(3, 0.5, None, chance=lambda: 1.0) is None
    assert POLICY.pause(1, 0.0, None, chance=lambda: 0.0) is None


def test_the_wait_a_provider_asks_for_is_kept_if_it_is_short():
    assert POLICY.pause(1, 10, 1.5, chance=lambda: 0.5) == 1.5
    assert POLICY.pause(1, 10, 2.1) is None
    assert POLICY.pause(1, 2.0, 1.5) is None
