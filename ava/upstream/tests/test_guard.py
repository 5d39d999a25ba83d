"""Work that is not HTTP, behind the same bulkhead and breaker."""

import pytest

from ava.http.problems import NotFound
from ava.upstream import ProviderUnavailable, ProviderUnreachable
from ava.upstream.tests.circuits import Worker

URL = "https://unused.test"


def test_a_worker_that_exits_leaves_slot_and_lease_behind(make_door):
    door = make_door(URL, bulkhead=1)
    Worker(door.breaker.store).move("half_open")

    def abort(deadline):
        raise SystemExit(1)

    for _ in range(3):
        with pytest.raises(SystemExit):
            door.guard(abort)
    assert door.guard(lambda deadline: "fine") == "fine"
    assert door.snapshot().failures == 0


def test_guarded_work_gets_the_deadline_of_the_policy(make_door):
    assert 1 < make_door(URL, deadline=2).guard(lambda deadline: deadline.left()) <= 2


def test_guarded_work_that_finds_no_provider_opens_the_breaker(make_door):
    door = make_door(URL, name="SMTP")

    def work(deadline):
        raise ProviderUnreachable(door.service)

    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            door.guard(work)
    with pytest.raises(ProviderUnavailable):
        door.guard(work)


def test_guarded_work_that_understood_a_refusal_has_seen_the_provider_alive(make_door):
    door = make_door(URL)
    Worker(door.breaker.store).move("half_open")

    def refused(deadline):
        raise NotFound("There is no such mailbox.")

    for _ in range(2):
        with pytest.raises(NotFound):
            door.guard(refused)
    assert door.snapshot().state == "closed"


def test_a_bug_says_nothing_about_the_provider(make_door):
    door = make_door(URL)

    def bug(deadline):
        raise TypeError("bug")

    for _ in range(5):
        with pytest.raises(TypeError):
            door.guard(bug)
    assert door.snapshot().failures == 0
