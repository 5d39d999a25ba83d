"""A Redis that answers, but slowly: nobody waits for it again and again."""

import threading
import time

import pytest

from ava.redis import FleetLost, Link, budget
from ava.redis.tests.asking import ECHO, answers, until
from tests.proxy import SlowProxy

PATIENCE = 0.7  # brisk is a tenth of a second, then
SLOW = 0.3


@pytest.fixture
def proxy(redis):
    with SlowProxy(redis.port) as proxy:
        yield proxy


@pytest.fixture
def link(proxy):
    made = Link(f"redis://127.0.0.1:{proxy.port}", patience=PATIENCE)
    assert answers(made)
    yield made
    made.close()


def asked(link, times):
    """How many of so many answers one request gets."""
    with budget.metered():
        for got in range(times):
            try:
                link.run(ECHO, ["k"], ["v"])
            except FleetLost:
                return got
    return times


def test_one_request_waits_for_a_few_slow_answers_only(proxy, link):
    proxy.seconds = SLOW
    started = time.monotonic()
    assert asked(link, 20) == 3
    assert time.monotonic() - started < 10 * SLOW
    assert link.lost


def test_brisk_answers_are_not_counted_however_many(proxy, link):
    proxy.seconds = 0.02
    assert asked(link, 60) == 60


def test_each_request_is_counted_for_itself(proxy, link):
    proxy.seconds = SLOW
    assert [asked(link, 2) for _ in range(3)] == [2, 2, 2]
    assert not link.lost


def test_who_is_no_request_may_wait_as_often_as_it_likes(proxy, link):
    proxy.seconds = 0.15
    for _ in range(8):
        assert answers(link)
    assert not link.lost


def test_it_is_found_again_when_it_answers_briskly_and_not_before(proxy, link):
    proxy.seconds = SLOW
    asked(link, 20)
    before = proxy.answers
    until(lambda: proxy.answers > before + 1)
    assert link.lost
    assert link.losses == 1
    proxy.seconds = 0
    until(lambda: not link.lost)
    assert asked(link, 20) == 20


def test_a_process_that_is_busy_itself_takes_no_redis_for_slow(redis):
    """Each thread that computes may keep an answer waiting for 5 ms."""
    enough = threading.Event()

    def compute():
        while not enough.is_set():
            sum(range(1000))

    link = Link(redis.url)
    busy = [threading.Thread(target=compute) for _ in range(8)]
    for thread in busy:
        thread.start()
    try:
        waited = []
        for _ in range(5):
            began = time.monotonic()
            assert asked(link, 10) == 10
            waited.append(time.monotonic() - began)
    finally:
        enough.set()
        for thread in busy:
            thread.join()
        link.close()
    assert link.losses == 0
    # It was busy indeed.
    assert max(waited) > 10 * 0.005
