"""Costs of activity with many rows: `python -m benchmarks.stories [ROWS]`.

Requests in one process, through Django's test client, on SQLite and on PostgreSQL: the story of an
ID, pages of 50 of the list, and what the operator's `explain` reads, of a user who has nine tenths
of the rows. Milliseconds, the median and the slowest of 41, each of another story.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.table import versions

ROWS, AT_ONCE, REPEATS = 10_000_000, 500_000, 41
LISTS = {
    "the list, first page": {},
    "kind=attempt": {"kind": "attempt"},
    "failed=true": {"failed": "true"},
    "kind=message&failed=true": {"kind": "message", "failed": "true"},
    "kind=call, no row": {"kind": "call"},
    "until=, long ago": {"until": "2026-02-01T00:00:00Z"},
}


def main(arguments: list[str]) -> int:
    from tests import postgres

    print(versions("django", "psycopg"))
    with tempfile.TemporaryDirectory(prefix="ava-stories-") as directory:
        sqlite = f"sqlite:///{directory}/ava.sqlite3"
        with postgres.running() as url:
            for database in (sqlite, url):
                environment = {
                    **os.environ,
                    "DATABASE_URL": database,
                    "DJANGO_SETTINGS_MODULE": "tests.settings",
                }
                command = [sys.executable, "-m", "benchmarks.stories", "here", *arguments]
                if subprocess.run(command, env=environment, check=False).returncode:
                    return 1
    return 0


def measure(rows: int) -> None:
    """The tables of one database, the one of the settings."""
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection

    from tests import happenings, many

    settings.RATE_LIMIT_PER_MINUTE, settings.ALLOWED_HOSTS = 10_000_000, ["*"]
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")  # making the rows takes longer
        else:
            cursor.execute("PRAGMA synchronous = OFF")
    one, other = (User.objects.create(username=name) for name in ("ada", "eve"))
    began = time.perf_counter()
    for first in range(0, rows, AT_ONCE):
        happenings.fill(first, min(first + AT_ONCE, rows), one=one, other=other)
    many.analyze()
    took = time.perf_counter() - began
    print(f"\n{connection.vendor}, {rows:,} rows, made in {took:.0f} s", flush=True)
    print("\n| | median | slowest |\n|---|---|---|")
    for name, taken in _costs(one, rows):
        print(f"| {name} | {statistics.median(taken):.1f} | {max(taken):.1f} |", flush=True)


def _costs(user: Any, rows: int) -> Iterator[tuple[str, list[float]]]:
    from rest_framework.test import APIClient

    from ava.accounts import services
    from ava.activity import queries

    client = APIClient()
    token = services.open_session(user=user).access_token
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    stories = [f"story-{number * (rows // 5 // REPEATS) // 10 * 10}" for number in range(REPEATS)]

    def read(path: str, query: dict[str, str] | None = None) -> None:
        answer = client.get(f"/api/v1/activity{path}", query)
        assert answer.status_code == 200, answer.content

    yield "a story", _taken([lambda one=one: read(f"/{one}") for one in stories])
    explained = [lambda one=one: queries.stories(correlation_id=one) for one in stories]
    yield "what explain reads", _taken(explained)
    for name, query in LISTS.items():
        yield name, _taken([lambda query=query: read("", query)] * REPEATS)


def _taken(works: list[Callable[[], Any]]) -> list[float]:
    works[0]()  # what only the first one pays
    taken = []
    for work in works:
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    if sys.argv[1:2] == ["here"]:
        measure(int(sys.argv[2]) if len(sys.argv) > 2 else ROWS)
    else:
        sys.exit(main(sys.argv[1:]))
