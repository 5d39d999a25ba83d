"""Work that is not HTTP, behind the same bulkhead and breaker."""

import socket

import pytest

from ava.http.problems import NotFound
from ava.upstream import ProviderUnavailable, ProviderUnreachable
from ava.upstream.tests.circuits import Worker

URL = "https://unused.test"


def test_a_worker_that_exits_leaves_slot_and_lease_behind(make_door):
    door = make_door(URL, bulkhead=1)
    Worker(door.breaker.store).move("half_open")

    def abort(seconds):
        raise SystemExit(1)

    for _ in range(3):
        with pytest.raises(SystemExit):
            door.guard(abort, failures=(OSError,))
    assert door.guard(lambda seconds: "fine", failures=(OSError,)) == "fine"
    assert door.snapshot().failures == 0


def test_guarded_work_gets_the_seconds_it_may_take(make_door):
    door = make_door(URL)
    assert 9 < door.guard(lambda seconds: seconds, failures=()) <= 10
    assert 1 < door.guard(lambda seconds: seconds, failures=(), deadline=2) <= 2


@pytest.mark.parametrize(
    ("error", "unsent"),
    [
        (ConnectionRefusedError(), True),
        (socket.gaierror(), True),
        (TimeoutError(), False),
        (ConnectionResetError(), False),
    ],
)
def test_guarded_work_that_fails_opens_the_breaker(make_door, error, unsent):
    door = make_door(URL, name="SMTP")

    def work(seconds):
        raise error

    for _ in range(3):
        with pytest.raises(ProviderUnreachable) as caught:
            door.guard(work, failures=(OSError,))
        assert caught.value.unsent is unsent
        assert caught.value.detail == "Connection to SMTP failed. Please try again later."
    with pytest.raises(ProviderUnavailable):
        door.guard(work, failures=(OSError,))


def test_guarded_work_that_understood_a_refusal_has_seen_the_provider_alive(make_door):
    door = make_door(URL)
    Worker(door.breaker.store).move("half_open")

    def refused(seconds):
        raise NotFound("There is no such mailbox.")

    for _ in range(2):
        with pytest.raises(NotFound):
            door.guard(refused, failures=(OSError,))
    assert door.snapshot().state == "closed"


def test_a_bug_says_nothing_about_the_provider(make_door):
    door = make_door(URL)

    def bug(seconds):
        raise TypeError("bug")

    for _ in range(5):
        with pytest.raises(TypeError):
            door.guard(bug, failures=(OSError,))
    assert door.snapshot().failures == 0
