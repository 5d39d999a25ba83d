"""The door against the shipped sandbox: what AVA says and what the provider saw are compared."""

import time

import pytest

from ava.http import correlation
from ava.upstream import ProviderUnavailable, ProviderUnreachable
from ava.upstream.tests.conftest import opened, reused

KEY = {"Authorization": "Bearer vapi-demo-key"}


@pytest.fixture
def door(sandbox, make_door):
    return make_door(f"{sandbox.url}/vapi", name="Vapi", deadline=1.0)


def test_what_is_counted_is_what_arrived(sandbox, door):
    for _ in range(40):
        assert door.send("GET", "/assistant", headers=KEY).status == 200
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (1, 40)
    assert (opened(door), reused(door)) == (1, 39)


@pytest.mark.parametrize("kind", ["status", "hang", "reset", "refuse", "drip", "garbage"])
def test_each_fault_is_one_sentence_within_the_deadline(sandbox, door, kind):
    sandbox.faults.add("vapi", kind)
    started = time.monotonic()
    with pytest.raises(ProviderUnreachable) as caught:
        door.send("GET", "/assistant", headers=KEY).json()
    assert caught.value.detail == "Connection to Vapi failed. Please try again later."
    assert time.monotonic() - started < 4


def test_after_three_failures_nothing_more_reaches_the_provider(sandbox, door):
    sandbox.faults.add("vapi", "status", status=500)
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            door.send("PATCH", "/assistant/x", json={}, headers=KEY)
    assert len(sandbox.requests("vapi")) == 3
    for _ in range(10):
        with pytest.raises(ProviderUnavailable):
            door.send("GET", "/assistant", headers=KEY)
    assert len(sandbox.requests("vapi")) == 3


def test_the_correlation_id_reaches_the_provider(sandbox, door):
    with correlation.bind("test-12345"):
        door.send("GET", "/assistant", headers=KEY)
    (arrival,) = sandbox.requests("vapi")
    headers = {name.lower(): value for name, value in arrival.headers.items()}
    assert headers["x-correlation-id"] == "test-12345"
