"""Calls and messages happen exactly once, whatever fails, and however often.

Twilio loses answers, fails, resets, hangs and limits; its callbacks come twice, late, in disorder
or never; all of AVA is killed every few seconds. See `tests.chaos.play`.
"""

import time
from pathlib import Path

from tests import postgres
from tests.chaos.play import Outcome, play
from tests.chaos.processes import AvaWithCelery, ChaoticAva
from tests.redis import RedisServer


def check(outcome: Outcome) -> None:
    assert not outcome.wrong, "\n".join([*outcome.wrong[:20], str(outcome)[-500:]])
    # It was a storm indeed.
    assert outcome.endured["faults"], outcome
    assert outcome.endured["answers that got lost"], outcome


def lose(redis: RedisServer) -> None:
    """Redis is gone for a moment and comes back empty."""
    redis.stop()
    time.sleep(1)
    redis.start()


def test_500_calls_and_500_messages_happen_exactly_once(tmp_path: Path) -> None:
    with ChaoticAva(tmp_path / "var") as ava:
        check(play(ava, calls=500, messages=500))


def test_so_they_do_with_two_workers_redis_and_postgresql(tmp_path: Path) -> None:
    with (
        RedisServer() as redis,
        postgres.running() as database,
        ChaoticAva(
            tmp_path / "var", REDIS_URL=redis.url, DATABASE_URL=database, WEB_CONCURRENCY="2"
        ) as ava,
    ):
        check(play(ava, calls=100, messages=100, seed=2, more=[lambda: lose(redis)]))


def test_so_they_do_with_celery(tmp_path: Path) -> None:
    with (
        RedisServer() as redis,
        AvaWithCelery(tmp_path / "var", CELERY_BROKER_URL=redis.url) as ava,
    ):
        check(play(ava, calls=100, messages=100, seed=3, more=[lambda: lose(redis)]))
