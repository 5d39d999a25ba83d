"""Django's default cache over a real Redis, without one, and while it is lost."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import caches as djangos

from ava import redis as shared_redis
from ava.redis.django_cache import RedisCache
from tests.redis import RedisServer

PARAMS = {"KEY_PREFIX": "ava:cache"}


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    with RedisServer(timeout=10) as server:
        yield server


@pytest.fixture
def redis(running: RedisServer, settings: Any) -> Iterator[RedisServer]:
    running.flush()
    settings.REDIS_URL = running.url
    yield running
    shared_redis.reset()


def process(number: int) -> RedisCache:
    """The cache as one of several processes has it."""
    made = RedisCache(f"process {number}", PARAMS)
    made._own.clear()
    return made


@pytest.fixture
def caches() -> tuple[RedisCache, RedisCache]:
    return process(1), process(2)


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> RedisCache:
    if request.param == "redis":
        request.getfixturevalue("redis")
    return process(1)


def test_it_is_the_default_cache():
    assert isinstance(djangos["default"], RedisCache)
    assert configured.CACHES["default"]["KEY_PREFIX"] == PARAMS["KEY_PREFIX"]


@pytest.mark.parametrize("value", ["ok", 7, 0, None, True, [1, {"a": "\u00fc"}]])
def test_what_is_set_is_got(cache, value):
    cache.set("k", value, 60)
    assert cache.get("k", "nothing") == value
    assert cache.has_key("k")


def test_what_is_not_there_is_the_default(cache):
    assert cache.get("k") is None
    assert cache.get("k", 5) == 5
    assert cache.get_many(["k"]) == {}
    assert not cache.has_key("k")
    assert not cache.delete("k")


def test_only_the_first_adds(cache):
    assert cache.add("k", 1, 60) is True
    assert cache.add("k", 2, 60) is False
    assert cache.get("k") == 1


def test_a_number_is_counted_up_and_down(cache):
    cache.set("k", 1)
    assert cache.incr("k") == 2
    assert cache.incr("k", 10) == 12
    assert cache.decr("k", 2) == 10


def test_what_is_not_there_cannot_be_counted(cache):
    with pytest.raises(ValueError, match="not found"):
        cache.incr("k")
    assert cache.get("k") is None


@pytest.mark.parametrize("timeout", [0, 0.02, -5])
def test_a_key_goes_when_its_time_is_over(cache, timeout):
    cache.set("k", 1, timeout)
    time.sleep(0.05)
    assert cache.get("k") is None


def test_a_value_that_json_cannot_say_is_refused_with_and_without_redis(cache):
    with pytest.raises(TypeError):
        cache.set("k", object)


def test_what_one_process_writes_the_others_read(redis, caches):
    here, there = caches
    here.set("k", 1, 60)
    assert there.get("k") == 1
    assert there.add("k", 9) is False
    assert there.incr("k") == 2
    assert here.get("k") == 2
    there.delete("k")
    assert here.get("k") is None


def test_parallel_counts_of_two_processes_lose_none(redis, caches):
    caches[0].set("k", 0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: caches[n % 2].incr("k"), range(200)))
    assert caches[0].get("k") == 200


def test_counting_keeps_the_time_to_live(redis, caches):
    caches[0].add("k", 1, 60)
    caches[1].incr("k")
    (key,) = redis.client.keys()
    assert 0 < redis.client.pttl(key) <= 60_000


def test_clearing_leaves_what_else_redis_holds(redis, caches):
    redis.client.set("ava:{breaker:vapi}", "open")
    for number in range(30):
        caches[0].set(f"k{number}", 1)
    caches[1].clear()
    assert caches[0].get("k1") is None
    assert redis.client.keys() == [b"ava:{breaker:vapi}"]


class TestLost:
    """Its own Redis, which goes away."""

    @pytest.fixture
    def redis(self, settings: Any) -> Iterator[RedisServer]:
        with RedisServer() as server:
            settings.REDIS_URL = server.url
            yield server
        shared_redis.reset()

    @pytest.mark.parametrize("how", ["stop", "freeze"])
    def test_each_process_goes_on_with_what_it_wrote_itself(self, redis, caches, how):
        here, there = caches
        here.add("k", 1, 60)
        here.incr("k")
        getattr(redis, how)()
        assert here.incr("k") == 3
        assert here.get("k") == 3
        assert there.get("k") is None
        assert there.add("k", 1, 60) is True
        there.delete("k")
        there.clear()

    def test_what_redis_knows_holds_again_when_it_is_back(self, redis, caches):
        here, there = caches
        there.set("k", "theirs")
        redis.freeze()
        assert here.get("k") is None
        here.set("k", "mine, alone")
        assert here.get("k") == "mine, alone"
        redis.thaw()
        give_up = time.monotonic() + 10
        while here.get("k") != "theirs":
            assert time.monotonic() < give_up
            time.sleep(0.01)
