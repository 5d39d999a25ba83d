"""Two caches that share nothing but Redis, as those of two processes do; with Redis lost, too."""

import json

import pytest
from prometheus_client import REGISTRY

from ava import redis as shared
from ava.cache import store
from ava.cache.tests.reading import (
    ADA,
    NAME,
    WAIT,
    Busy,
    Down,
    Places,
    Source,
    begun,
    later,
    make,
    until,
)
from tests.redis import RedisServer

ADDRESS = "ava:{copies:test:1}:" + json.dumps(["last", ADA.epoch, NAME])


def counted(result):
    labels = {"cache": "test", "result": result}
    return REGISTRY.get_sample_value("ava_cache_requests_total", labels)


@pytest.mark.usefixtures("redis")
class TestShared:
    def test_a_fresh_copy_of_one_answers_in_all(self, here, there):
        here.read(ADA, NAME, Source("one"))
        before = counted("hit")
        assert there.read(ADA, NAME, Source("unused")).value == "one"
        assert counted("hit") == before + 1

    def test_concurrent_misses_of_all_make_one_read(self, here, there, pool):
        source, unused = Source("one", held=True), Source("unused")
        before = counted("shared")
        reads = [begun(pool, here, source)]
        reads += [pool.submit(there.read, ADA, NAME, unused) for _ in range(5)]
        source.go.set()
        assert {read.result(WAIT).value for read in reads} == {"one"}
        assert (source.reads, unused.reads) == (1, 0)
        assert counted("shared") + counted("hit") >= before + 5

    def test_a_failure_elsewhere_lets_the_next_process_try(self, here, pool):
        there = make(places=(places := Places(8)))
        source = Source(Down(), held=True)
        failing = begun(pool, here, source)
        waiting = pool.submit(there.read, ADA, NAME, Source("good"))
        until(lambda: places.taken)
        source.go.set()
        with pytest.raises(Down):
            failing.result(WAIT)
        assert waiting.result(WAIT).value == "good"
        assert places.taken == 0

    def test_where_the_reader_dies_the_others_ask_after_its_lock_ended(
        self, here, there, pool, monkeypatch
    ):
        monkeypatch.setattr(store, "LOCK_SECONDS", 0.2)
        dead = Source("never", held=True)
        read = begun(pool, here, dead)
        assert there.read(ADA, NAME, Source("there")).value == "there"
        dead.go.set()
        read.result(WAIT)

    def test_nobody_waits_for_ever_for_another_process(self, here, pool):
        source = Source("late", held=True)
        read = begun(pool, here, source)
        with pytest.raises(Busy):
            make(wait_seconds=0.05).read(ADA, NAME, Source("unused"))
        source.go.set()
        assert read.result(WAIT).value == "late"

    def test_waiting_for_another_process_takes_a_place(self, here, pool):
        source = Source("one", held=True)
        read = begun(pool, here, source)
        with pytest.raises(Busy):
            make(places=Places(0)).read(ADA, NAME, Source("unused"))
        source.go.set()
        read.result(WAIT)

    def test_the_last_good_copy_is_there_for_all_and_for_newcomers(self, here, there, monkeypatch):
        here.read(ADA, NAME, Source("good"))
        later(monkeypatch, 4000)
        for cache in (there, make()):
            copy = cache.read(ADA, NAME, Source(Down()), tolerate=(Down,))
            assert (copy.value, copy.stale) == ("good", True)

    def test_the_last_good_copy_is_the_newest_of_any_process(self, here, there, monkeypatch):
        here.read(ADA, NAME, Source("old"))
        assert there.newest(ADA, NAME).value == "old"
        here.reload(ADA, NAME, Source("new"))
        assert there.newest(ADA, NAME).value == "new"

    def test_what_is_stored_ends_by_itself(self, here, redis):
        here.read(ADA, NAME, Source("one"))
        lives = sorted(redis.client.ttl(name) for name in redis.client.keys("ava:{copies:*"))
        assert len(lives) == 2
        assert 0 < lives[0] <= 300 < lives[1] <= 24 * 3600


class TestSealed:
    def test_nothing_in_redis_shows_what_a_copy_holds(self, here, redis):
        here.read(ADA, NAME, Source({"prompt": "sesame, open " * 20}))
        stored = b"".join(redis.client.get(name) for name in redis.client.scan_iter())
        assert len(stored) > 100
        assert b"sesame" not in stored
        assert b"prompt" not in stored

    @pytest.mark.parametrize("lost", ["another key", "another release", "damage", "another place"])
    def test_a_copy_that_does_not_open_is_read_again(self, here, there, redis, settings, lost):
        here.read(ADA, NAME, Source("one"))
        names = [name for name in redis.client.scan_iter() if b"thing" in name]
        assert ADDRESS.encode() in names
        if lost == "another key":
            settings.AVA_KEYS = settings.AVA_KEYS.replace("k1:", "k2:")
        elif lost == "another release":
            there = make(decode=lambda value: value["once held"])
        for name in names:
            if lost == "damage":
                redis.client.set(name, "v1.k1.damaged")
            elif lost == "another place":
                here.read(ADA, "other", Source("another"))
                redis.client.set(name, redis.client.get(name.replace(b"thing", b"other")))
        assert there.newest(ADA, NAME) is None
        assert there.read(ADA, NAME, Source("two")).value == "two"


class TestLost:
    @pytest.fixture
    def redis(self, settings):
        """One that a test may kill."""
        with RedisServer() as server:
            settings.REDIS_URL = server.url
            shared.reset()
            # Soon enough to wait for, late enough for a busy machine.
            yield server
            shared.reset()

    @pytest.fixture(params=["stop", "freeze"])
    def losing(self, request, redis):
        return getattr(redis, request.param)

    def test_each_process_goes_on_with_its_own_copies(self, here, there, losing):
        here.read(ADA, NAME, Source("one"))
        losing()
        assert here.read(ADA, NAME, Source("unused")).value == "one"
        assert there.read(ADA, NAME, Source("two")).value == "two"
        copy = here.read(ADA, "other", Source("other", Down()))
        assert copy.value == "other"

    def test_concurrent_misses_in_one_process_are_still_one_read(self, losing, pool):
        cache = make(places=(places := Places(8)))
        losing()
        source = Source("one", held=True)
        reads = [begun(pool, cache, source)]
        reads += [pool.submit(cache.read, ADA, NAME, source) for _ in range(3)]
        until(lambda: places.taken == 3)
        source.go.set()
        assert {read.result(WAIT).value for read in reads} == {"one"}

    def test_the_last_good_copy_of_this_process_covers_both_failing(
        self, here, losing, monkeypatch
    ):
        here.read(ADA, NAME, Source("good"))
        losing()
        later(monkeypatch, 400)
        copy = here.read(ADA, NAME, Source(Down()), tolerate=(Down,))
        assert (copy.value, copy.stale) == ("good", True)

    def test_a_caller_who_waits_for_another_process_reads_itself(self, here, losing, pool):
        there = make(places=(places := Places(8)))
        held = Source("here", held=True)
        read = begun(pool, here, held)
        waiting = pool.submit(there.read, ADA, NAME, Source("there"))
        until(lambda: places.taken)
        losing()
        assert waiting.result(WAIT).value == "there"
        held.go.set()
        assert read.result(WAIT).value == "here"

    def test_a_flushed_redis_is_filled_again(self, here, there, redis):
        here.read(ADA, NAME, Source("good"))
        redis.flush()
        assert there.read(ADA, NAME, Source("new")).value == "new"
        assert here.newest(ADA, NAME).value == "new"
