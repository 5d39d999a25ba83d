"""Reads are remembered, and never go back in time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from ava.cache.memory import SIZE
from ava.cache.tests.reading import KEY, WAIT, Clock, Down, Source, make


@pytest.fixture
def cache(clock):
    return make(clock)


def test_a_fresh_copy_answers_without_reading(cache, clock):
    source = Source("one", "two")
    cache.read(KEY, source)
    clock.seconds = 299
    copy = cache.read(KEY, source)
    assert (copy.value, copy.age, copy.stale) == ("one", clock.near(299), False)
    assert clock.ago(copy.as_of) == clock.near(299)
    assert source.reads == 1


def test_an_old_copy_is_read_again(cache, clock):
    source = Source("one", "two")
    cache.read(KEY, source)
    clock.seconds = 300
    copy = cache.read(KEY, source)
    assert (copy.value, copy.age) == ("two", clock.near(0))
    assert clock.ago(copy.as_of) == clock.near(0)


def test_how_long_a_copy_is_fresh_is_asked_at_each_read(clock):
    seconds = [300.0]
    cache = make(clock, fresh_for=lambda: seconds[0])
    source = Source("one", "two")
    cache.read(KEY, source)
    seconds[0] = 0
    assert cache.read(KEY, source).value == "two"


def test_keys_have_nothing_to_do_with_each_other(cache):
    cache.read(("ada", 1), Source("hers"))
    assert cache.read(("eve", 1), Source("his")).value == "his"


def test_a_failure_that_is_tolerated_brings_the_last_good_copy(cache, clock):
    source = Source("good", Down())
    cache.read(KEY, source)
    clock.seconds = 4000
    copy = cache.read(KEY, source, tolerate=(Down,))
    assert (copy.value, copy.stale, copy.age) == ("good", True, clock.near(4000))
    assert clock.ago(copy.as_of) == clock.near(4000)


def test_a_failure_without_a_copy_is_raised(cache):
    with pytest.raises(Down):
        cache.read(KEY, Source(Down()), tolerate=(Down,))


def test_a_failure_that_is_not_tolerated_is_raised_over_a_copy(cache, clock):
    source = Source("good", Down())
    cache.read(KEY, source)
    clock.seconds = 400
    with pytest.raises(Down):
        cache.read(KEY, source)


def test_a_failure_is_not_remembered(cache):
    source = Source(Down(), "good")
    with pytest.raises(Down):
        cache.read(KEY, source)
    assert cache.read(KEY, source).value == "good"


def test_the_last_good_copy_is_not_kept_for_ever(cache, clock):
    source = Source("good", Down())
    cache.read(KEY, source)
    clock.seconds = 24 * 3600
    with pytest.raises(Down):
        cache.read(KEY, source, tolerate=(Down,))


def test_the_least_recently_used_copy_makes_room():
    cache = make(clock := Clock(), store=clock.store(size=2))
    for name in ("a", "b"):
        cache.read((name,), Source(name))
    cache.read(("a",), Source("unused"))
    cache.read(("c",), Source("c"))
    again = Source("read again")
    assert [cache.read((name,), again).value for name in ("a", "c", "b")] == [
        "a",
        "c",
        "read again",
    ]


def test_a_read_that_began_before_a_drop_is_not_kept(cache):
    source = Source("old", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, source)
        assert source.begun.acquire(timeout=WAIT)
        cache.drop(KEY)
        source.go.set()
        assert read.result(WAIT).value == "old"
    assert cache.read(KEY, Source("new")).value == "new"


def test_nobody_joins_a_read_that_began_before_a_drop(cache):
    old = Source("old", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, old)
        assert old.begun.acquire(timeout=WAIT)
        cache.drop(("ada",))
        assert cache.read(KEY, Source("new")).value == "new"
        old.go.set()
        read.result(WAIT)
    assert cache.read(KEY, Source("unused")).value == "new"


def test_a_read_of_an_earlier_edition_never_replaces_a_later_one(cache):
    source = Source("before the write", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, source, edition=1)
        assert source.begun.acquire(timeout=WAIT)
        cache.store(KEY, "written", mark=cache.mark(KEY), edition=2)
        source.go.set()
        read.result(WAIT)
    assert cache.read(KEY, Source("unused"), edition=2).value == "written"
    assert cache.read(KEY, Source("unused"), edition=1).value == "written"


def test_a_read_of_a_later_edition_does_not_join_an_earlier_one(cache):
    old = Source("old", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, old, edition=1)
        assert old.begun.acquire(timeout=WAIT)
        assert cache.read(KEY, Source("new"), edition=2).value == "new"
        old.go.set()
        read.result(WAIT)


def test_a_copy_of_an_earlier_edition_is_not_fresh_but_still_a_last_good_copy(cache):
    cache.read(KEY, Source("old"), edition=1)
    copy = cache.read(KEY, Source(Down()), edition=2, tolerate=(Down,))
    assert (copy.value, copy.stale) == ("old", True)


def test_of_two_reads_the_one_that_began_later_is_kept(cache):
    early = cache.mark(KEY)
    cache.read(KEY, Source("later"))
    cache.store(KEY, "earlier", mark=early)
    assert cache.read(KEY, Source("unused")).value == "later"


def test_a_doubted_copy_is_read_again_but_still_a_last_good_copy(cache):
    cache.read(KEY, Source("old"))
    assert cache.read(KEY, Source("new"), doubted=True).value == "new"
    copy = cache.read(KEY, Source(Down()), doubted=True, tolerate=(Down,))
    assert (copy.value, copy.stale) == ("new", True)


def test_a_drop_reaches_every_key_with_that_beginning(cache):
    for key in (("ada", "v1", "a"), ("ada", "v1", "b"), ("ada", "v2", "a")):
        cache.read(key, Source("old"))
    cache.drop(("ada", "v1"))
    fresh = Source("new")
    assert cache.read(("ada", "v1", "a"), fresh).value == "new"
    assert cache.read(("ada", "v1", "b"), fresh).value == "new"
    assert cache.read(("ada", "v2", "a"), fresh).value == "old"


def test_a_flood_of_drops_does_not_let_an_old_read_through(cache):
    source = Source("old", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, source)
        assert source.begun.acquire(timeout=WAIT)
        cache.drop(KEY)
        for number in range(SIZE + 1):
            cache.drop(("ada", number))
        source.go.set()
        read.result(WAIT)
    assert cache.read(KEY, Source("new")).value == "new"


def test_a_reload_reads_whatever_is_cached_and_keeps_what_it_found(cache):
    cache.read(KEY, Source("old"))
    assert cache.reload(KEY, Source("new")).value == "new"
    assert cache.read(KEY, Source("unused")).value == "new"


def test_a_reload_that_fails_raises_and_leaves_the_copy(cache):
    cache.read(KEY, Source("old"))
    with pytest.raises(Down):
        cache.reload(KEY, Source(Down()))
    assert cache.read(KEY, Source("unused")).value == "old"


def test_who_knows_that_reading_fails_gets_the_copy_there_is(cache, clock):
    assert cache.last_good(KEY) is None
    cache.read(KEY, Source("one"))
    assert cache.last_good(KEY).stale is False
    clock.seconds = 300
    assert (cache.last_good(KEY).value, cache.last_good(KEY).stale) == ("one", True)


def test_values_are_not_shown_by_repr(cache):
    assert "sesame" not in repr(cache.read(KEY, Source("sesame")))


def test_reads_are_counted_by_how_they_were_answered(clock):
    def counted(result):
        labels = {"cache": f"counted on {clock.where}", "result": result}
        return REGISTRY.get_sample_value("ava_cache_requests_total", labels)

    cache = make(clock, name=f"counted on {clock.where}")
    cache.read(KEY, Source("good"))
    cache.read(KEY, Source("unused"))
    cache.reload(KEY, Source("good"))
    clock.seconds = 300
    cache.read(KEY, Source(Down()), tolerate=(Down,))
    assert [counted(result) for result in ("hit", "miss", "bypass", "stale", "shared")] == [
        1, 2, 1, 1, 0,
    ]  # fmt: skip


def test_many_readers_and_writers_never_see_a_value_go_back(cache):
    """Readers hold on to what they saw; the writer's word is the newest."""
    written = [0]
    seen_backwards = []

    def write():
        for number in range(1, 200):
            written[0] = number
            cache.store(KEY, number, mark=cache.mark(KEY), edition=number)

    def read():
        last = 0
        for _ in range(500):
            edition = written[0]
            found = cache.read(KEY, lambda: written[0], edition=edition).value
            if found < edition or found < last:
                seen_backwards.append((found, edition, last))
            last = max(last, edition)

    with ThreadPoolExecutor(5) as pool:
        for done in [pool.submit(write), *(pool.submit(read) for _ in range(4))]:
            done.result(WAIT)
    assert seen_backwards == []
