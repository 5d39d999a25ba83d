"""Two caches that share nothing but Redis, as those of two processes do."""

import json

import pytest
from prometheus_client import REGISTRY

from ava import redis as shared_redis
from ava.cache.memory import SIZE
from ava.cache.tests.reading import (
    KEY,
    WAIT,
    Busy,
    Down,
    FleetClock,
    Places,
    Source,
    begun,
    make,
    until,
)
from tests.redis import RedisServer


@pytest.fixture
def clock(redis):
    return FleetClock(redis)


def counted(result):
    labels = {"cache": "there", "result": result}
    return REGISTRY.get_sample_value("ava_cache_requests_total", labels)


def test_a_fresh_copy_of_one_answers_in_all(here, there):
    here.read(KEY, Source("one"))
    before = counted("hit")
    assert there.read(KEY, Source("unused")).value == "one"
    assert counted("hit") == before + 1


def test_concurrent_misses_of_all_make_one_read(here, there, pool):
    source, unused = Source("one", held=True), Source("unused")
    before = counted("shared")
    reads = [begun(pool, here, source)]
    reads += [pool.submit(there.read, KEY, unused) for _ in range(5)]
    source.go.set()
    assert {read.result(WAIT).value for read in reads} == {"one"}
    assert (source.reads, unused.reads) == (1, 0)
    assert counted("shared") + counted("hit") >= before + 5


def test_who_waits_for_another_process_takes_what_it_reads_however_short_it_is_fresh(clock, pool):
    here = make(clock, fresh_for=lambda: 0)
    there = make(clock, fresh_for=lambda: 0, places=(places := Places(8)))
    source = Source("one", held=True)
    read = begun(pool, here, source)
    waiting = pool.submit(there.read, KEY, Source("two"))
    until(lambda: places.taken)
    source.go.set()
    assert (read.result(WAIT).value, waiting.result(WAIT).value) == ("one", "one")
    assert there.read(KEY, Source("two")).value == "two"


def test_a_failure_elsewhere_lets_the_next_process_try(here, clock, pool):
    there = make(clock, places=(places := Places(8)))
    source = Source(Down(), held=True)
    failing = begun(pool, here, source)
    waiting = pool.submit(there.read, KEY, Source("good"))
    until(lambda: places.taken)
    source.go.set()
    with pytest.raises(Down):
        failing.result(WAIT)
    assert waiting.result(WAIT).value == "good"
    assert places.taken == 0


def test_who_has_waited_long_for_a_read_that_failed_begins_none_of_its_own(here, clock, pool):
    source, own = Source(Down(), held=True), Source("unused")
    failing = begun(pool, here, source)
    passed = [0.0]

    def sleep(seconds):
        passed[0] += 5
        source.go.set()
        assert isinstance(failing.exception(WAIT), Down)

    there = make(clock, clock=lambda: passed[0], sleep=sleep)
    with pytest.raises(Busy):
        there.read(KEY, own)
    assert own.reads == 0
    # Nothing is left behind that somebody would wait for.
    assert here.read(KEY, Source("good")).value == "good"


def test_nobody_waits_for_ever_for_another_process(here, clock, pool):
    source, passed = Source("late", held=True), [0.0]
    read = begun(pool, here, source)

    def sleep(seconds):
        passed[0] += 5

    there = make(clock, clock=lambda: passed[0], sleep=sleep)
    with pytest.raises(Busy):
        there.read(KEY, Source("unused"))
    source.go.set()
    assert read.result(WAIT).value == "late"


def test_waiting_for_another_process_takes_a_place(here, clock, pool):
    source = Source("one", held=True)
    read = begun(pool, here, source)
    with pytest.raises(Busy):
        make(clock, places=Places(0)).read(KEY, Source("unused"))
    source.go.set()
    read.result(WAIT)


def test_a_drop_in_one_holds_in_all_at_once(here, there):
    here.read(KEY, Source("old"))
    assert there.read(KEY, Source("unused")).value == "old"
    here.drop(KEY[:1])
    assert there.last_good(KEY) is None
    assert there.read(KEY, Source("new")).value == "new"
    assert here.read(KEY, Source("unused")).value == "new"


def test_a_drop_leaves_what_begins_otherwise(here, there):
    other = ("ada", "other")
    for key in (KEY, other):
        here.read(key, Source("old"))
    here.drop(KEY)
    assert there.last_good(KEY) is None
    assert there.read(other, Source("unused")).value == "old"


def test_a_read_that_began_before_a_drop_elsewhere_is_not_kept_and_not_joined(here, there, pool):
    source = Source("old", held=True)
    read = begun(pool, there, source)
    here.drop(KEY)
    assert there.read(KEY, Source("new")).value == "new"
    source.go.set()
    assert read.result(WAIT).value == "old"
    for cache in (here, there):
        assert cache.read(KEY, Source("unused")).value == "new"


def test_what_was_marked_before_a_drop_elsewhere_is_not_stored(here, there, redis):
    mark = here.mark(KEY[:1])
    there.drop(KEY)
    here.store(KEY, "old", mark=mark)
    assert here.last_good(KEY) is None
    assert there.last_good(KEY) is None
    assert not any(redis.client.hexists(name, "blob") for name in redis.client.scan_iter())


def test_a_flood_of_drops_takes_a_bounded_place(here, redis):
    for number in range(SIZE + 50):
        here.drop(("ada", number))
    assert sum(redis.client.hlen(name) for name in redis.client.scan_iter()) <= SIZE + 3


def test_a_read_of_an_earlier_edition_replaces_a_later_one_nowhere(here, there, pool):
    source = Source("before the write", held=True)
    read = begun(pool, there, source, edition=1)
    here.store(KEY, "written", mark=here.mark(KEY), edition=2)
    source.go.set()
    read.result(WAIT)
    for cache in (here, there):
        assert cache.read(KEY, Source("unused"), edition=2).value == "written"


def test_the_last_good_copy_is_there_for_all_and_for_who_comes_later(here, there, clock):
    here.read(KEY, Source("good"))
    clock.seconds = 4000
    for cache in (there, make(clock)):
        copy = cache.read(KEY, Source(Down()), tolerate=(Down,))
        assert (copy.value, copy.stale, copy.age) == ("good", True, clock.near(4000))


def test_what_is_stored_ends_by_itself(here, redis):
    here.read(KEY, Source("one"))
    here.drop(("ada", "other"))
    lives = [redis.client.ttl(name) for name in redis.client.keys("ava:{copies:*")]
    assert len(lives) == 2
    assert all(0 < life <= 24 * 3600 for life in lives)


class TestSealed:
    def test_nothing_in_redis_tells_what_a_copy_holds(self, here, redis):
        here.read(KEY, Source({"prompt": "sesame, open " * 20}))
        stored = b"".join(redis.client.dump(name) for name in redis.client.scan_iter())
        assert len(stored) > 100
        assert b"sesame" not in stored
        assert b"prompt" not in stored

    @pytest.mark.parametrize("lost", ["another key", "another release", "damage", "another place"])
    def test_a_copy_that_does_not_open_is_read_again(self, here, there, redis, settings, lost):
        here.read(KEY, Source("one"))
        name = f"ava:{{copies:test:ada}}:{json.dumps(KEY)}"
        assert redis.client.exists(name)
        if lost == "another key":
            settings.AVA_KEYS = settings.AVA_KEYS.replace("k1:", "k2:")
        elif lost == "another release":
            there._store._envelope._load = lambda value: value["what it once held"]
        elif lost == "damage":
            redis.client.hset(name, "blob", "v1.k1.damaged")
        else:
            here.read(("ada", "other"), Source("another"))
            other = f"ava:{{copies:test:ada}}:{json.dumps(('ada', 'other'))}"
            redis.client.hset(name, "blob", redis.client.hget(other, "blob"))
        assert there.last_good(KEY) is None
        assert there.read(KEY, Source("two")).value == "two"


def test_an_account_is_in_one_slot_of_a_cluster(settings):
    with RedisServer("--cluster-enabled", "yes", timeout=5) as server:
        server.client.cluster("ADDSLOTS", *range(16384))
        until(lambda: server.client.cluster("INFO")["cluster_state"] == "ok")
        settings.REDIS_URL = server.url
        here, there = (make(FleetClock(server)) for _ in range(2))
        here.read(KEY, Source("one"))
        assert there.read(KEY, Source("unused")).value == "one"
        here.drop(KEY)
        assert there.last_good(KEY) is None
        assert not shared_redis.get_client().lost
        shared_redis.reset()
