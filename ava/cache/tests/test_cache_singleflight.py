"""Concurrent reads are shared, and few may wait for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

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

pytestmark = pytest.mark.usefixtures("where")


def test_concurrent_misses_make_one_read():
    cache = make(places=(places := Places(8)))
    source = Source("one", held=True)
    with ThreadPoolExecutor(9) as pool:
        reads = [pool.submit(cache.read, ADA, NAME, source) for _ in range(9)]
        assert source.begun.acquire(timeout=WAIT)
        until(lambda: places.taken == 8)
        source.go.set()
        assert {read.result(WAIT).value for read in reads} == {"one"}
    assert source.reads == 1


def test_of_any_number_of_concurrent_reloads_two_are_made_and_the_second_answers_the_rest():
    cache = make(places=(places := Places(8)))
    source = Source("one", "two", held=True)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(cache.reload, ADA, NAME, source)
        assert source.begun.acquire(timeout=WAIT)
        # The read under way may have begun before what they ask about was changed.
        rest = [pool.submit(cache.reload, ADA, NAME, source) for _ in range(8)]
        until(lambda: places.taken == 8)
        source.go.set()
        assert first.result(WAIT).value == "one"
        assert {read.result(WAIT).value for read in rest} == {"two"}
    assert source.reads == 2


def test_a_reload_waits_for_no_read_that_a_copy_may_answer():
    cache = make(places=Places(0))
    source = Source("one", "two", held=True)
    with ThreadPoolExecutor(2) as pool:
        reads = [begun(pool, cache, source), pool.submit(cache.reload, ADA, NAME, source)]
        until(lambda: source.reads == 2)
        source.go.set()
        assert [read.result(WAIT).value for read in reads] == ["one", "two"]


def test_a_reload_that_waited_for_one_that_failed_reads_by_itself():
    cache = make(places=(places := Places(1)))
    source = Source(Down(), "good", held=True)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.reload, ADA, NAME, source)
        assert source.begun.acquire(timeout=WAIT)
        second = pool.submit(cache.reload, ADA, NAME, source)
        until(lambda: places.taken == 1)
        source.go.set()
        with pytest.raises(Down):
            first.result(WAIT)
        assert second.result(WAIT).value == "good"


def test_those_who_waited_share_the_failure():
    cache = make(places=(places := Places(8)))
    source = Source(Down(), "good", held=True)
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(cache.read, ADA, NAME, source) for _ in range(3)]
        until(lambda: source.reads and places.taken == 2)
        source.go.set()
        for read in reads:
            with pytest.raises(Down):
                read.result(WAIT)
    assert source.reads == 1


def test_a_leader_that_is_killed_lets_go_of_those_who_wait():
    cache = make(places=(places := Places(8)))
    source = Source(SystemExit(), held=True)
    with ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(cache.read, ADA, NAME, source) for _ in range(2)]
        until(lambda: source.reads and places.taken == 1)
        source.go.set()
        for read in reads:
            with pytest.raises(SystemExit):
                read.result(WAIT)
    assert cache.read(ADA, NAME, Source("later")).value == "later"


def test_more_than_a_few_waiting_for_hung_reads_are_refused():
    cache = make(places=(places := Places(2)))
    hung = {name: Source(name, held=True) for name in ("a", "b")}
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(cache.read, ADA, name, hung[name]) for name in ("a", "b", "a", "b")]
        until(lambda: places.taken == 2)
        with pytest.raises(Busy):
            cache.read(ADA, "a", hung["a"])
        for source in hung.values():
            source.go.set()
        assert [read.result(WAIT).value for read in reads] == ["a", "b", "a", "b"]
    assert places.taken == 0


def test_nobody_waits_for_ever_for_anothers_read():
    cache = make(places=(places := Places(2)), wait_seconds=0.05)
    source = Source("late", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, ADA, NAME, source)
        assert source.begun.acquire(timeout=WAIT)
        try:
            with pytest.raises(Busy):
                cache.read(ADA, NAME, source)
            assert places.taken == 0
        finally:
            source.go.set()
        assert read.result(WAIT).value == "late"
    assert source.reads == 1


def test_a_refused_caller_gets_the_last_good_copy_where_that_is_tolerated(monkeypatch):
    cache = make(places=Places(0))
    cache.read(ADA, NAME, Source("old"))
    later(monkeypatch, 400)
    source = Source("new", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, ADA, NAME, source)
        assert source.begun.acquire(timeout=WAIT)
        copy = cache.read(ADA, NAME, source, tolerate=(Busy,))
        assert (copy.value, copy.stale) == ("old", True)
        source.go.set()
        assert read.result(WAIT).value == "new"
