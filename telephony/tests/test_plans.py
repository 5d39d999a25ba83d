"""Query plans of the lists: an index for each filter, with statistics as after many rows."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from telephony.calls.models import Call, CallEntry
from telephony.conftest import CALLS, MESSAGES, OURS
from telephony.messages.models import Batch, Message, MessageEntry
from tests import many

pytestmark = pytest.mark.database

ROWS = 12_000  # more than a count or a scan looks at
INDEXES = ("telephony_trigrams", "_search MATCH")
BULK = f"{MESSAGES}/bulk"
FILTERS: list[dict[str, str]] = [
    {},
    {"status": "failed"},
    {"status": "queued"},
    {"direction": "outbound"},
    {"direction": "inbound"},
    {"to": "+14155550100"},
    {"from": OURS},
    {"correlation_id": "order-1"},
    {"since": "2026-01-02T00:00:00Z"},
    {"until": "2026-01-02T00:00:00Z"},
    {"status": "failed", "direction": "outbound", "until": "2027-01-01T00:00:00Z"},
    {"search": "4155550100"},
    {"search": "nothing like it"},
    {"search": "table"},
    {"search": "table", "status": "failed", "since": "2026-01-01T00:00:00Z"},
    {"search": "+1500"},
    {"search": "00"},
]


@pytest.fixture
def stored(user: User, stranger: User, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000
    for owner, rows, batches in ((user, ROWS, 200), (stranger, 2000, 4000)):
        for model in (Call, Message):
            model._default_manager.create(
                owner=owner, from_number=OURS, to="+14155550100", status="queued"
            )
            many.multiply(model, rows, owner=owner)
        Batch.objects.bulk_create(
            Batch(owner=owner, from_number=OURS, per_minute=60) for _ in range(batches)
        )
    many.analyze()


def faults(statement: str) -> list[str]:
    """Steps of a statement's plan that take longer the more rows there are."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}")
        steps = [str(row[-1]) for row in cursor.fetchall()]
    scans = [one for one in steps if re.search("SCAN telephony_(?!.* INDEX 0:M)|Seq Scan on", one)]
    # PostgreSQL sorts a few hundred rows rather than walk along an index.
    sorts = [one for one in steps if re.search(r"TEMP B-TREE|Sort  .* rows=\d{4}", one)]
    # Entries and counts of the rows of one page may be sorted, and what an index of texts found.
    is_of_page = "GROUP BY" in statement or any(
        one in statement
        for one in (CallEntry._meta.db_table, MessageEntry._meta.db_table, *INDEXES)
    )
    return [f"{one}\n  in {steps}" for one in (scans if is_of_page else scans + sorts)]


def listed(api: APIClient, address: str, query: dict[str, str] | None = None) -> Any:
    """A page; its statements' plans are looked at."""
    with CaptureQueriesContext(connection) as asked:
        answer = api.get(address, query)
    assert answer.status_code == 200, answer.content
    ours = [sql for sql in (one["sql"] for one in asked.captured_queries) if '"telephony_' in sql]
    assert ours
    assert len(ours) <= 3 + ("search=" in address or "search" in (query or {}))
    found = [fault for sql in ours for fault in faults(sql)]
    assert found == [], f"{address} {query}"
    return answer.json()


@pytest.mark.slow
def test_every_page_of_every_list_is_read_along_an_index(api: APIClient, stored: None) -> None:
    for path in (CALLS, MESSAGES, BULK):
        for query in FILTERS if path != BULK else FILTERS[:1]:
            page = listed(api, path, query)
            for link in ("next", "next", "previous"):
                page = listed(api, page[link]) if page[link] else page
