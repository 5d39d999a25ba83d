"""Doctor's checks of this machine and its stores: disk, clock, database, Redis."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisClusterException, RedisError

from ava.redis.client import connect
from integrations.doctor.asking import Reply
from integrations.doctor.findings import Finding, Look, attention, good, unknown
from integrations.doctor.words import size

LEAST_FREE = 0.1
LEAST_BYTES = 2**30
CLOCK_SECONDS = 30.0
"""Signatures of webhooks are refused from five minutes on, and OAuth tokens are as strict."""
MOST_USED = 0.8
FEWER = (
    "Raise max_connections, put PgBouncer in front, or run fewer workers "
    "(WEB_CONCURRENCY, AVA_THREADS)."
)
REDIS_SECONDS = 2.0
# They forget no limit and no breaker before its time.
KEEPING = ("noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random")


def disk(look: Look, usage: Callable[[Path], Any] = shutil.disk_usage) -> Iterator[Finding]:
    found = usage(settings.DATA_DIR)
    free = f"{size(found.free)} of {size(found.total)} are free at {settings.DATA_DIR}"
    if found.free < LEAST_BYTES or found.free < LEAST_FREE * found.total:
        yield attention(
            "disk space",
            f"Only {free}: webhooks and edits are refused once it is full. Make room, give it a "
            "bigger disk, or run: manage.py prune --days 30",
        )
    else:
        yield good("disk space", f"{free}.")


def clock(look: Look) -> Iterator[Finding]:
    replies = [one for one in look.replies.values() if isinstance(one, Reply)]
    heard = [one.ahead for one in replies if one.ahead is not None]
    if not heard:
        yield unknown("clock", "No provider answered with its time: make one reachable.")
        return
    # A single wrong clock is that server's.
    ahead = median(heard)
    if abs(ahead) > CLOCK_SECONDS:
        way = "ahead" if ahead > 0 else "behind"
        yield attention(
            "clock",
            f"This machine's clock is {abs(ahead):.0f} s {way}: signatures and tokens will be "
            "refused. Turn on time synchronisation: timedatectl set-ntp true",
        )
    else:
        yield good("clock", f"Within {max(1, round(abs(ahead)))} s of the providers' clocks.")


def database(look: Look) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if connection.vendor == "sqlite":
        yield good("database", "SQLite: one machine only; DATABASE_URL names PostgreSQL for more.")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int,"
            " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )
        version, allowed, used = cursor.fetchone()
    if used > MOST_USED * allowed:
        yield attention(
            "database",
            f"{used} of PostgreSQL's {allowed} connections are in use. {FEWER}",
        )
    else:
        yield good("database", f"PostgreSQL {version}, {used} of {allowed} connections in use.")


def remedy(fault: DatabaseError) -> str:
    """Remedy for a database that takes no connection."""
    full = "connection slots are reserved", "too many clients", "too many connections"
    if any(words in str(fault) for words in full):
        return FEWER
    return "Start it, or correct DATABASE_URL."


def migrations(look: Look) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    unknown_ones = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    own = {app for app, _ in executor.loader.disk_migrations}
    if left:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in left[:3])
        yield attention(
            "migrations", f"{len(left)} are not applied ({names}). Run: manage.py migrate"
        )
    elif newer := sorted(f"{app}.{name}" for app, name in unknown_ones if app in own):
        yield attention(
            "migrations",
            f"The database is of a newer AVA: it has {newer[-1]}. Run that version, or restore "
            "the backup from before it.",
        )
    else:
        yield good("migrations", "All are applied.")


def redis(look: Look) -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield good("Redis", "Not used: one process keeps limits and breakers by itself.")
        return
    try:
        client = connect(settings.REDIS_URL, timeout=REDIS_SECONDS)
        memory: Any = client.info("memory")
    except (RedisError, RedisClusterException, OSError, ValueError) as fault:
        yield attention(
            "Redis",
            f"It does not answer ({type(fault).__name__}); each process counts alone meanwhile. "
            "Start it, or correct REDIS_URL.",
        )
        return
    # Of a cluster each node answers.
    each = [memory] if "used_memory" in memory else list(memory.values())
    wrong = {str(one.get("maxmemory_policy")) for one in each} - set(KEEPING)
    if wrong and wrong != {"None"}:
        yield attention(
            "Redis",
            f"Its maxmemory-policy {', '.join(sorted(wrong))} may drop limits and breakers. "
            "Set: maxmemory-policy volatile-lru",
        )
        return
    for one in each:
        most = one.get("maxmemory") or 0
        if most and one["used_memory"] > 0.9 * most:
            used = f"{size(one['used_memory'])} of {size(most)}"
            yield attention("Redis", f"It uses {used}: raise its maxmemory.")
            return
    yield good("Redis", "Reachable, and forgets nothing before its time.")
