"""Doctor on disk, clock, database and Redis."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from integrations.doctor import machine
from integrations.doctor.asking import Reply
from integrations.doctor.tests.conftest import Examine
from tests.redis import RedisServer


class Usage(NamedTuple):
    total: int
    free: int


def test_a_disk_that_is_nearly_full_needs_attention(examine: Examine) -> None:
    def full(path: Path) -> Usage:
        return Usage(100 * 2**30, 2**29)

    ((verdict, sentence),) = examine(machine.disk, usage=full)
    assert verdict == "needs attention"
    assert sentence.startswith("Only 512 MiB of 100 GiB are free")
    assert "Make room" in sentence


def test_room_on_the_disk_is_good(examine: Examine) -> None:
    ((verdict, _),) = examine(machine.disk, usage=lambda path: Usage(100 * 2**30, 50 * 2**30))
    assert verdict == "good"


@pytest.mark.parametrize(("ahead", "way"), [(95.0, "95 s ahead"), (-600.0, "600 s behind")])
def test_a_wrong_clock_is_told_by_the_answers(examine: Examine, ahead: float, way: str) -> None:
    replies = {"a": Reply(404, ahead=ahead), "b": Reply(200, ahead=ahead), "c": "refused"}
    ((verdict, sentence),) = examine(machine.clock, replies=replies)
    assert verdict == "needs attention"
    assert way in sentence
    assert "timedatectl set-ntp true" in sentence


def test_one_server_with_a_wrong_clock_is_not_believed(examine: Examine) -> None:
    replies = {
        name: Reply(200, ahead=one) for name, one in zip("abc", (0.2, 0.4, 9000), strict=True)
    }
    assert examine(machine.clock, replies=replies)[0][0] == "good"


def test_without_any_answer_the_clock_cannot_be_told(examine: Examine) -> None:
    assert examine(machine.clock, replies={"a": "refused"})[0][0] == "cannot tell"


@pytest.mark.database
def test_the_database_says_which_it_is(examine: Examine) -> None:
    ((verdict, sentence),) = examine(machine.database)
    assert verdict == "good"
    assert sentence.startswith("SQLite" if connection.vendor == "sqlite" else "PostgreSQL")


@pytest.mark.database
def test_connections_of_postgresql_that_run_out_need_attention(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no connections to run out of")
    monkeypatch.setattr(machine, "MOST_USED", 0.0)
    ((verdict, sentence),) = examine(machine.database)
    assert verdict == "needs attention"
    assert "Raise max_connections" in sentence


def test_migrations_that_are_missing_are_counted_and_named(examine: Examine) -> None:
    assert examine(machine.migrations) == [("good", "All are applied.")]
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    ((verdict, sentence),) = examine(machine.migrations)
    assert verdict == "needs attention"
    assert sentence == "1 are not applied (sessions.0001_initial). Run: manage.py migrate"


def test_a_database_of_a_newer_ava_is_recognised(examine: Examine) -> None:
    MigrationRecorder(connection).record_applied("telephony", "9999_from_the_future")
    ((verdict, sentence),) = examine(machine.migrations)
    assert verdict == "needs attention"
    assert "it has telephony.9999_from_the_future" in sentence


def test_no_redis_is_no_fault(examine: Examine) -> None:
    assert examine(machine.redis)[0][0] == "good"


def test_redis_that_keeps_what_it_is_given_is_good(examine: Examine, redis: RedisServer) -> None:
    assert examine(machine.redis)[0][0] == "good"


def test_redis_that_evicts_anything_needs_attention(examine: Examine, redis: RedisServer) -> None:
    redis.client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        ((verdict, sentence),) = examine(machine.redis)
    finally:
        redis.client.config_set("maxmemory-policy", "noeviction")
    assert verdict == "needs attention"
    assert "allkeys-lru" in sentence
    assert "Set: maxmemory-policy volatile-lru" in sentence


def test_redis_that_does_not_answer_needs_attention(examine: Examine, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ((verdict, sentence),) = examine(machine.redis)
    assert verdict == "needs attention"
    assert "Start it, or correct REDIS_URL" in sentence
