"""What is kept for a lost Redis is bounded."""

import time
from importlib import import_module

import pytest

from ava.redis import Link, Script
from tests.redis import RedisServer

SET = Script("return redis.call('SET', KEYS[1], 1)")


def test_of_too_much_that_is_owed_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("ava.redis.link"), "MOST_OWED", 3)
    with RedisServer() as redis:
        link = Link(redis.url)
        redis.stop()
        for number in range(10):
            link.insist(SET, [f"k{number}"])
        redis.start()
        give_up = time.monotonic() + 20
        while link.lost:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        assert sorted(redis.client.keys("k*")) == [b"k7", b"k8", b"k9"]
        link.close()
