"""Query plans of activity: the list and a story are read along indexes, as after many rows."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests import happenings, many

pytestmark = [pytest.mark.database, pytest.mark.slow]

PATH = "/api/v1/activity"
ROWS = 60_000
FILTERS: list[dict[str, str]] = [
    {},
    {"kind": "attempt"},
    {"kind": "call"},
    {"failed": "true"},
    {"failed": "false"},
    {"kind": "message", "failed": "true"},
    {"since": "2026-02-28T00:00:00Z"},
    {"until": "2026-02-28T22:00:00Z"},
    {"kind": "job", "since": "2026-02-28T21:00:00Z", "until": "2026-02-28T22:00:00Z"},
]


@pytest.fixture
def stored(user: User, stranger: User, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000
    happenings.fill(0, ROWS, one=user, other=stranger)
    many.analyze()


def plan(statement: str) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a few thousand rows, most of them one user's, it may as well read all.
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {statement}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def faults(statement: str) -> list[str]:
    """Steps of a statement's plan that take longer the more rows there are."""
    steps = plan(statement).splitlines()
    wrong = r"SCAN activity_|Seq Scan on activity_"
    if '"correlation_id" =' not in statement:  # one story's rows may be sorted
        wrong += r"|TEMP B-TREE|Sort  .* rows=\d{4}"
    return [f"{one}\n  in {steps}" for one in steps if re.search(wrong, one)]


def asked_of_activity(asked: CaptureQueriesContext) -> list[str]:
    found = [one["sql"] for one in asked.captured_queries]
    return [sql for sql in found if 'FROM "activity_activity"' in sql]


def test_every_page_of_the_list_is_read_along_an_index(api: APIClient, stored: None) -> None:
    for query in FILTERS:
        address, given = PATH, query
        for link in ("next", "next", "previous"):
            with CaptureQueriesContext(connection) as asked:
                page = api.get(address, given).json()
            ours = asked_of_activity(asked)
            assert 0 < len(ours) <= 3
            assert [fault for sql in ours for fault in faults(sql)] == [], query
            address, given = page[link] or PATH, {} if page[link] else query


def test_failures_of_a_kind_are_not_looked_for_among_all_of_that_kind(
    api: APIClient, stored: None
) -> None:
    with CaptureQueriesContext(connection) as asked:
        page = api.get(PATH, {"kind": "message", "failed": "true"}).json()
    assert page["results"]
    assert all("activity_failed" in plan(sql) for sql in asked_of_activity(asked))


def test_a_story_is_read_along_the_index_of_its_id(api: APIClient, stored: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        story = api.get(f"{PATH}/story-7").json()
    assert len(story["entries"]) == 4  # what has rows of its own is not among them
    [own] = asked_of_activity(asked)
    assert faults(own) == []
    assert "activity_by_correlation_id" in plan(own)


def test_an_operator_finds_a_story_without_its_owner_along_the_same_index(stored: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        call_command("explain", "story-9", "--json", stdout=StringIO())
    found = [one["sql"] for one in asked.captured_queries if "correlation_id" in one["sql"]]
    assert len(found) >= 8
    for sql in found:
        table = re.search(r'FROM "(\w+)"', sql)
        assert not re.search(rf"SCAN {table and table[1]}|Seq Scan", plan(sql)), sql
