"""Concurrent reads are shared, and few may wait for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ava.cache.tests.reading import KEY, WAIT, Busy, Down, Places, Source, make, until


def test_concurrent_misses_make_one_read(clock):
    cache = make(clock, places=(places := Places(8)))
    source = Source("one", held=True)
    with ThreadPoolExecutor(9) as pool:
        reads = [pool.submit(cache.read, KEY, source) for _ in range(9)]
        assert source.begun.acquire(timeout=WAIT)
        until(lambda: places.taken == 8)
        source.go.set()
        assert {read.result(WAIT).value for read in reads} == {"one"}
    assert source.reads == 1


def test_those_who_waited_share_the_failure(clock):
    cache = make(clock, places=(places := Places(8)))
    source = Source(Down(), "good", held=True)
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(cache.read, KEY, source) for _ in range(3)]
        until(lambda: source.reads and places.taken == 2)
        source.go.set()
        for read in reads:
            with pytest.raises(Down):
                read.result(WAIT)
    assert source.reads == 1


def test_a_leader_that_is_killed_lets_go_of_those_who_wait(clock):
    cache = make(clock, places=(places := Places(8)))
    source = Source(SystemExit(), held=True)
    with ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(cache.read, KEY, source) for _ in range(2)]
        until(lambda: source.reads and places.taken == 1)
        source.go.set()
        for read in reads:
            with pytest.raises(SystemExit):
                read.result(WAIT)
    assert cache.read(KEY, Source("later")).value == "later"


def test_more_than_a_few_waiting_for_hung_reads_are_refused(clock):
    cache = make(clock, places=(places := Places(2)))
    hung = {name: Source(name, held=True) for name in ("a", "b")}
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(cache.read, (name,), hung[name]) for name in ("a", "b", "a", "b")]
        until(lambda: places.taken == 2)
        with pytest.raises(Busy):
            cache.read(("a",), hung["a"])
        for source in hung.values():
            source.go.set()
        assert [read.result(WAIT).value for read in reads] == ["a", "b", "a", "b"]
    assert places.taken == 0


def test_nobody_waits_for_ever_for_anothers_read(clock):
    cache = make(clock, places=(places := Places(2)), patience=0.05)
    source = Source("late", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, source)
        assert source.begun.acquire(timeout=WAIT)
        try:
            with pytest.raises(Busy):
                cache.read(KEY, source)
            assert places.taken == 0
        finally:
            source.go.set()
        assert read.result(WAIT).value == "late"
    assert source.reads == 1


def test_who_is_refused_gets_the_last_good_copy_where_that_is_tolerated(clock):
    cache = make(clock, places=Places(0))
    cache.read(KEY, Source("old"))
    clock.seconds = 400
    source = Source("new", held=True)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(cache.read, KEY, source)
        assert source.begun.acquire(timeout=WAIT)
        copy = cache.read(KEY, source, tolerate=(Busy,))
        assert (copy.value, copy.stale) == ("old", True)
        source.go.set()
        assert read.result(WAIT).value == "new"
