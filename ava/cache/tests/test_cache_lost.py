"""Copies while Redis is lost, after it has forgotten, and after its clock went back."""

import pytest

from ava import redis as shared_redis
from ava.cache.tests.reading import (
    KEY,
    WAIT,
    Down,
    FleetClock,
    Places,
    Source,
    age_copies,
    begun,
    make,
    until,
)
from tests.redis import RedisServer


@pytest.fixture
def clock(redis):
    return FleetClock(redis)


def found_again():
    until(lambda: not shared_redis.get_client().lost)


@pytest.fixture
def redis(settings):
    """One that a test may kill."""
    with RedisServer(timeout=0.3) as server:
        settings.REDIS_URL = server.url
        yield server
        shared_redis.reset()


@pytest.fixture(params=["stop", "freeze"])
def losing(request, redis):
    return getattr(redis, request.param)


def test_every_read_goes_to_the_source(here, losing):
    here.read(KEY, Source("one"))
    losing()
    source = Source("two", "three")
    assert [here.read(KEY, source).value for _ in range(2)] == ["two", "three"]


def test_concurrent_misses_in_one_process_are_still_one_read(clock, losing, pool):
    cache = make(clock, places=(places := Places(8)))
    losing()
    source = Source("one", held=True)
    reads = [begun(pool, cache, source)]
    reads += [pool.submit(cache.read, KEY, source) for _ in range(3)]
    until(lambda: places.taken == 3)
    source.go.set()
    assert {read.result(WAIT).value for read in reads} == {"one"}


def test_the_last_good_copy_of_this_process_covers_both_failing(here, clock, losing):
    here.read(KEY, Source("good"))
    losing()
    copy = here.read(KEY, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("good", True)
    assert here.last_good(KEY).stale is True


def test_a_read_and_a_drop_in_its_middle_go_on(here, losing, pool):
    source = Source("old", held=True)
    read = begun(pool, here, source)
    losing()
    here.drop(KEY)
    source.go.set()
    assert read.result(WAIT).value == "old"
    assert here.read(KEY, Source("new")).value == "new"


def test_who_waits_for_another_process_reads_itself(here, clock, losing, pool):
    there = make(clock, places=(places := Places(8)))
    held = Source("here", held=True)
    read = begun(pool, here, held)
    waiting = pool.submit(there.read, KEY, Source("there"))
    until(lambda: places.taken)
    losing()
    assert waiting.result(WAIT).value == "there"
    held.go.set()
    assert read.result(WAIT).value == "here"


def test_a_drop_meanwhile_holds_when_redis_is_back_with_what_it_held(here, there, redis):
    here.read(KEY, Source("old"))
    redis.freeze()
    here.drop(KEY[:1])
    redis.thaw()
    found_again()
    assert there.last_good(KEY) is None


def test_what_people_saw_meanwhile_does_not_go_back(here, redis):
    here.read(KEY, Source("old"))
    redis.freeze()
    assert here.read(KEY, Source("new")).value == "new"
    redis.thaw()
    found_again()
    assert here.read(KEY, Source(Down()), tolerate=(Down,)).value == "new"
    assert here.read(KEY, Source("newest")).value == "newest"
    assert here.read(KEY, Source("unused")).value == "newest"


def test_a_read_that_ended_meanwhile_holds_up_nobody(here, clock, redis, pool):
    source = Source("here", held=True)
    read = begun(pool, here, source)
    redis.freeze()
    source.go.set()
    assert read.result(WAIT).value == "here"
    redis.thaw()
    found_again()
    there = make(clock, places=Places(0))
    assert there.read(KEY, Source("there")).value == "there"


def test_a_turn_whose_grant_got_lost_holds_up_nobody(here, clock, redis):
    here.read(("ada", "other"), Source("connected"))
    redis.freeze()
    here._store.claim(KEY, edition=0, fresh_for=0, awaited=None)
    redis.thaw()
    found_again()
    assert make(clock, places=Places(0)).read(KEY, Source("there")).value == "there"


@pytest.mark.parametrize("how", ["flush", "restart"])
def test_a_redis_that_lost_everything_loses_no_order(here, there, redis, pool, how):
    here.read(KEY, Source("good"))
    source = Source("before", held=True)
    read = begun(pool, here, source, doubted=True)
    there.drop(KEY)
    if how == "flush":
        redis.flush()
    else:
        redis.stop()
        redis.start()
        there.last_good(KEY)
        found_again()
    source.go.set()
    assert read.result(WAIT).value == "before"
    assert there.last_good(KEY) is None
    assert there.read(KEY, Source("after")).value == "after"
    assert here.read(KEY, Source("unused")).value == "after"


def test_after_a_flush_the_last_good_copy_of_this_process_is_a_stale_one(here, redis):
    here.read(KEY, Source("good"))
    redis.flush()
    copy = here.read(KEY, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("good", True)
    assert here.read(KEY, Source("new")).value == "new"


def test_after_a_flush_and_a_drop_elsewhere_there_is_none(here, there, redis):
    here.read(KEY, Source("good"))
    redis.flush()
    there.drop(KEY)
    assert here.last_good(KEY) is None


HOUR = 3600


def test_a_copy_from_the_future_is_read_again(here, redis):
    """Of an hour ago, by a clock that was an hour ahead."""
    here.read(KEY, Source("old"))
    age_copies(redis.client, -HOUR)
    copy = here.read(KEY, Source("new"))
    assert (copy.value, copy.stale) == ("new", False)
    assert here.read(KEY, Source("unused")).value == "new"


def test_a_copy_from_the_future_is_an_old_one_where_reading_fails(here, redis):
    here.read(KEY, Source("good"))
    age_copies(redis.client, -HOUR)
    copy = here.read(KEY, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("good", True)
    assert copy.age > HOUR
