"""Chaos with what processes share (PostgreSQL, Redis, Celery), which fails like all the rest."""

import time
from pathlib import Path

import pytest

from tests import postgres
from tests.chaos.play import check, play
from tests.chaos.processes import AvaWithCelery, ChaoticAva
from tests.redis import RedisServer

pytestmark = pytest.mark.slow


def lose(redis: RedisServer) -> None:
    """Redis is gone for a moment and comes back empty."""
    redis.stop()
    time.sleep(1)
    redis.start()


def test_so_they_do_with_two_workers_redis_and_postgresql(tmp_path: Path) -> None:
    with (
        RedisServer() as redis,
        postgres.running() as database,
        ChaoticAva(
            tmp_path / "var", REDIS_URL=redis.url, DATABASE_URL=database, WEB_CONCURRENCY="2"
        ) as ava,
    ):
        check(play(ava, calls=30, messages=30, seed=2, more=[lambda: lose(redis)]))


def test_so_they_do_with_celery(tmp_path: Path) -> None:
    with (
        RedisServer() as redis,
        AvaWithCelery(tmp_path / "var", CELERY_BROKER_URL=redis.plain_url) as ava,
    ):
        check(play(ava, calls=30, messages=30, seed=3, more=[lambda: lose(redis)]))
