"""Refusals that come too often are sent later; everything else at once."""

import pytest

from ava.server.pace import DELAY, QUIET, Pacer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pacer(clock):
    return Pacer(clock)


def refuse(pacer: Pacer, times: int, address: str = "192.0.2.1") -> list[float]:
    return [pacer.delay(address) for _ in range(times)]


def test_a_person_who_is_refused_now_and_then_waits_for_nothing(pacer, clock):
    for _ in range(100):
        assert refuse(pacer, 20) == [0.0] * 20
        clock.now += 1


def test_from_so_many_refusals_a_second_on_each_further_one_is_late(pacer):
    assert refuse(pacer, QUIET + 3) == [0.0] * QUIET + [DELAY] * 3


def test_who_goes_on_stays_slow_into_the_next_second(pacer, clock):
    refuse(pacer, QUIET + 10)
    clock.now += 1
    assert refuse(pacer, 2) == [DELAY] * 2


def test_who_pauses_for_a_second_is_quick_again(pacer, clock):
    refuse(pacer, QUIET + 10)
    clock.now += 2
    assert refuse(pacer, 2) == [0.0] * 2


def test_one_address_slows_down_no_other(pacer):
    refuse(pacer, QUIET + 10)
    assert refuse(pacer, 1, "192.0.2.2") == [0.0]
