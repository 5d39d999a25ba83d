"""The list of providers, and what hangs on it."""

import threading

import pytest
from prometheus_client import REGISTRY, generate_latest

from ava import upstream
from ava.upstream import OperatorOverride, ProviderUnavailable, ProviderUnreachable, Service
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.wire import answering, status

COUNTERS = [
    "circuit_breaker_failures_total",
    "circuit_breaker_opens_total",
    "circuit_breaker_closes_total",
    "ava_provider_connections_opened_total",
    "ava_provider_connections_reused_total",
    "ava_bulkhead_refusals_total",
    "ava_provider_retries_total",
]


@pytest.fixture
def failing(serve, make_door):
    return make_door(serve(answering(status(500))).url, attempts=1)


@pytest.fixture
def dead(failing):
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            failing.send("GET", "/")
    return failing


def state_metric(door):
    return REGISTRY.get_sample_value("circuit_breaker_state", {"service": door.service.label})


def test_every_series_is_there_at_zero_from_registration_on(make_door):
    door = make_door("http://127.0.0.1:1")
    labels = {"service": door.service.label}
    for name in (*COUNTERS, "circuit_breaker_state"):
        assert REGISTRY.get_sample_value(name, labels) == 0, name


def test_no_label_but_service_and_outcome(dead):
    text = generate_latest().decode()
    labels = {
        label
        for family in REGISTRY.collect()
        if family.name.startswith(("circuit_breaker", "ava_provider", "ava_bulkhead"))
        for sample in family.samples
        for label in sample.labels
    }
    assert labels == {"service", "outcome", "le"}
    assert "circuit_breaker_state" in text


def test_the_state_metric_follows_the_breaker(dead, clock):
    assert state_metric(dead) == 2
    Worker(dead.breaker.store).move("half_open")
    assert state_metric(dead) == 1
    Worker(dead.breaker.store).move("closed")
    assert state_metric(dead) == 0


def test_a_label_is_given_once(make_door):
    door = make_door("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="already"):
        upstream.register(Service(door.service.label, "X"), base_url=str)


def test_an_unknown_provider_is_an_error():
    with pytest.raises(KeyError):
        upstream.door("unknown")


def test_doors_list_every_provider(dead):
    assert dead in upstream.doors()


def test_listeners_hear_each_transition_once_and_a_broken_one_harms_nothing(failing):
    heard = []

    def broken(transition):
        raise RuntimeError("listener bug")

    upstream.hooks.listeners.append(broken)
    upstream.hooks.listeners.append(heard.append)
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            failing.send("GET", "/")
    with pytest.raises(ProviderUnavailable):
        failing.send("GET", "/")
    (transition,) = [t for t in heard if t.service == failing.service.label]
    assert (transition.from_state, transition.to_state) == ("closed", "open")
    assert transition.reason == "3 failures in a row"


def test_a_listener_may_use_the_breaker_it_hears_of(failing):
    seen = []

    def look(transition):
        other = threading.Thread(target=lambda: seen.append(failing.snapshot().state))
        other.start()
        other.join(5)  # it would hang if a lock were held while listeners are called

    upstream.hooks.listeners.append(look)
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            failing.send("GET", "/")
    assert seen == ["open"]


def test_the_switch_works_while_running(dead):
    on = [False]
    upstream.hooks.is_on = lambda: on[0]
    for _ in range(5):
        with pytest.raises(ProviderUnreachable):
            dead.send("GET", "/")
    assert state_metric(dead) == 0
    on[0] = True
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            dead.send("GET", "/")
    with pytest.raises(ProviderUnavailable):
        dead.send("GET", "/")


def test_the_override_source_is_asked_for_each_provider_by_label(serve, make_door):
    held, free = (make_door(serve(answering()).url) for _ in range(2))
    works = OperatorOverride(1, "open", reason="works")
    upstream.hooks.override = lambda label: works if label == held.service.label else None
    assert free.send("GET", "/").status == 200
    with pytest.raises(ProviderUnavailable) as caught:
        held.send("GET", "/")
    assert caught.value.retry_after == 30
    assert state_metric(held) == 2


def test_forget_makes_everything_new_but_keeps_the_door(dead):
    upstream.forget()
    assert upstream.door(dead.service.label) is dead
    assert dead.snapshot().state == "closed"


def test_the_settings_are_read_when_the_breaker_is_made(failing, settings):
    settings.BREAKER_THRESHOLD = 1
    settings.BREAKER_RECOVERY_SECONDS = 7
    upstream.forget()
    with pytest.raises(ProviderUnreachable):
        failing.send("GET", "/")
    assert 6 < failing.snapshot().retry_after <= 7
