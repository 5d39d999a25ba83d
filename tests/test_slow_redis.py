"""A running AVA whose Redis has become slower than AVA waits for it."""

import time

import pytest
import requests

from ava.redis.client import TIMEOUT_SECONDS
from tests.proxy import SlowProxy
from tests.redis import RedisServer
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

SLOW = 6 * TIMEOUT_SECONDS
# An edit asks Redis some twenty times.
AGAIN_AND_AGAIN = 20 * TIMEOUT_SECONDS
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


def test_requests_do_not_wait_for_it_again_and_again(slow):
    ava, _ = slow
    assert degraded(ava)
    for take in (lambda: ava.call("GET", SETTINGS), lambda: edit(ava, 300)):
        took = []
        for _ in range(5):
            began = time.monotonic()
            take()
            took.append(time.monotonic() - began)
        assert min(took) < AGAIN_AND_AGAIN


def test_an_edit_holds_when_redis_answers_in_time_again(slow):
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
