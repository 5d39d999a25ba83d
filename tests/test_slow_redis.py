"""A running AVA whose Redis has become slow."""

import time

import pytest
import requests

from tests.proxy import SlowProxy
from tests.redis import RedisServer
from tests.server import RunningAva, until

SLOW = 0.02
AGAIN_AND_AGAIN = 20 * SLOW
SETTINGS = "/vapi/settings"


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """AVA, and a proxy that has made its Redis slow."""
    with RedisServer() as redis, SlowProxy(redis.port) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}/0"
        with RunningAva(tmp_path_factory.mktemp("var"), REDIS_URL=url) as ava:
            ava.login()
            for value in (200, 201):
                assert ava.call("GET", SETTINGS).status_code == 200
                edit(ava, value)
            proxy.seconds = SLOW
            assert ava.call("GET", SETTINGS).status_code == 200
            yield ava, proxy


def edit(ava, value):
    answer = ava.call("PUT", f"{SETTINGS}/max_tokens", json={"value": value})
    assert answer.status_code == 200


def test_requests_do_not_pay_for_it_again_and_again(slow):
    """Without the limit an edit waits for some twenty answers."""
    ava, proxy = slow
    for take in (lambda: ava.call("GET", SETTINGS), lambda: edit(ava, 300)):
        passed = proxy.answers
        took = []
        for _ in range(5):
            began = time.monotonic()
            take()
            took.append(time.monotonic() - began)
        # A knock a second is among them, and a worker's look at each breaker.
        assert proxy.answers - passed < 5 * 3
        assert min(took) < AGAIN_AND_AGAIN


def test_an_edit_holds_when_redis_is_brisk_again(slow):
    ava, proxy = slow
    edit(ava, 333)
    assert value(ava) == 333
    proxy.seconds = 0.0
    until(lambda: not degraded(ava))
    assert [value(ava) for _ in range(3)] == [333] * 3


def value(ava):
    told = ava.call("GET", SETTINGS).json()["settings"]
    return next(one["value"] for one in told if one["key"] == "max_tokens")


def degraded(ava):
    return "degraded" in requests.get(f"{ava.url}/readyz", timeout=10).text
