"""Share of each worker, before and after Redis is lost, of a limit that stays closed."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.tests.clock import Clock
from ava.ratelimit.window import SECOND, Limit, MemoryWindow, Usage
from ava.redis import RedisUnavailable

MOST, WORKERS, WINDOW = 10, 3, 60
LIMIT = Limit("auth 192.0.2.7", MOST, workers=WORKERS)


class Redis:
    """A client of a Redis that counts by a clock that the test moves."""

    def __init__(self, clock: Clock) -> None:
        self.lost = False
        self._counts = MemoryWindow(WINDOW, clock=clock)

    def run(self, script: object, keys: Sequence[str], args: Sequence[Any]) -> list[Any]:
        if self.lost:
            raise RedisUnavailable
        # One request: its number of limits comes before them.
        limits = [Limit(key, most) for key, most in zip(keys[:-1], args[3:], strict=True)]
        usages = [
            [int(usage.allowed), usage.used, round(usage.frees_after * 1e6)]
            for usage in self._counts.hit(limits)
        ]
        return [[usages], None]


class Crew:
    """Workers of one machine."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.redis = Redis(self.clock)
        self.workers = [
            SharedWindow(WINDOW, MemoryWindow(WINDOW, clock=self.clock), clock=self.clock)
            for _ in range(WORKERS)
        ]
        self.passed: list[int] = []
        self.unseen = [0] * WORKERS

    def hit(self, number: int) -> Usage:
        self.clock.sleep(0.000001)  # no two moments are the same
        (usage,) = self.workers[number].hit(self.redis, [LIMIT])  # type: ignore[arg-type]  # a client's part
        if usage.allowed:
            self.passed.append(self.clock.now)
        if not self.redis.lost:
            self.unseen = [count + usage.allowed for count in self.unseen]
            self.unseen[number] = 0
        return usage

    def most(self) -> int:
        """The hits of the fullest window."""
        window = WINDOW * SECOND
        return max(
            (sum(at <= one < at + window for one in self.passed) for at in self.passed), default=0
        )


HITS = st.lists(
    st.tuples(st.integers(0, WORKERS - 1), st.sampled_from([0] * 12 + [1, 20, 59])),
    min_size=10,
    max_size=50,
)


@examples(max_examples=200, deadline=None, database=None)
@given(before=HITS, after=HITS)
def test_no_window_across_a_loss_holds_more_than_the_limit_and_what_was_passed_unseen(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    crew = Crew()
    for number, seconds in before:
        crew.clock.sleep(seconds)
        crew.hit(number)
    crew.redis.lost = True
    for number, seconds in after:
        crew.clock.sleep(seconds)
        crew.hit(number)
    assert crew.most() <= MOST + max(crew.unseen)


def test_a_minute_after_it_asked_a_worker_gives_its_share_of_the_whole() -> None:
    crew = Crew()
    for _ in range(7):
        crew.hit(0)
    crew.clock.sleep(20)
    crew.redis.lost = True
    assert [crew.hit(0).allowed for _ in range(3)] == [True, False, False]
    crew.clock.sleep(39.9)
    assert not crew.hit(0).allowed
    crew.clock.sleep(0.1)
    # Three in a minute: one was 40 s ago.
    assert [crew.hit(0).allowed for _ in range(3)] == [True, True, False]
    assert crew.hit(0).frees_after == pytest.approx(20, abs=0.001)


def test_a_worker_without_a_share_says_when_it_has_one() -> None:
    crew = Crew()
    for _ in range(MOST):
        crew.hit(0)
    crew.clock.sleep(20)
    crew.redis.lost = True
    refused = crew.hit(0)
    assert (refused.allowed, refused.used) == (False, MOST)
    assert refused.frees_after == pytest.approx(40, abs=0.001)
    crew.clock.sleep(refused.frees_after)
    assert crew.hit(0).allowed


def test_after_the_wait_a_request_that_was_refused_alone_passes() -> None:
    crew = Crew()
    crew.hit(0)
    crew.redis.lost = True
    crew.clock.sleep(30)
    assert [crew.hit(0).allowed for _ in range(4)] == [True, True, True, False]
    wait = crew.hit(0).frees_after
    assert wait <= WINDOW
    crew.clock.sleep(wait)
    assert crew.hit(0).allowed
