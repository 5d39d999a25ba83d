"""Query plans of the lists: an index for each filter, with statistics as after many rows."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from telephony.calls.models import Call, CallEntry
from telephony.conftest import CALLS, MESSAGES, OURS
from telephony.messages.models import Batch, Message, MessageEntry
from tests import many

pytestmark = pytest.mark.database

ROWS = 12_000  # more than a count or a scan looks at
INDEXES = ("telephony_trigrams", "_search MATCH")
ADMIN = "/admin/telephony/message/"
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

OF_EACH = {
    CALLS: [*FILTERS, {"assistant_id": "front-desk"}],
    MESSAGES: FILTERS,
    BULK: FILTERS[:1],
}


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


def faults(statement: str, *, walked: str, may_sort: bool) -> list[str]:
    """Steps of a statement's plan that take longer the more rows there are."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a few thousand rows, most of them one user's, it may as well read all.
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {statement}")
        steps = [str(row[-1]) for row in cursor.fetchall()]
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = on")
    scan = re.compile(f"SCAN telephony_(?!.* INDEX ({walked}))|Seq Scan on telephony_")
    wrong = [one for one in steps if scan.search(one)]
    # Entries and counts of the rows of one page may be sorted, and what an index of texts found.
    of_page = ("GROUP BY", CallEntry._meta.db_table, MessageEntry._meta.db_table, *INDEXES)
    if not may_sort and not any(one in statement for one in of_page):
        # PostgreSQL sorts a few hundred rows rather than walk along an index.
        wrong += [one for one in steps if re.search(r"TEMP B-TREE|Sort  .* rows=\d{4}", one)]
    return [f"{one}\n  in {steps}" for one in wrong]


def looked_at(
    client: Any,
    address: str,
    query: dict[str, str] | None,
    *,
    most: int,
    walked: str = "0:M",
    may_sort: bool = False,
) -> Any:
    """A page whose statements are few and have good plans.

    Args:
        walked: indexes that may be walked along without a value; SQLite calls FTS5's "0:M".
    """
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    ours = [sql for sql in (one["sql"] for one in asked.captured_queries) if '"telephony_' in sql]
    assert 0 < len(ours) <= most
    found = [each for sql in ours for each in faults(sql, walked=walked, may_sort=may_sort)]
    assert found == [], f"{address} {query}"
    return answer


def listed(api: APIClient, address: str, query: dict[str, str] | None = None) -> Any:
    is_search = "search=" in address or "search" in (query or {})
    return looked_at(api, address, query, most=3 + is_search).json()


@pytest.mark.slow
def test_every_page_of_every_list_is_read_along_an_index(api: APIClient, stored: None) -> None:
    for path in (CALLS, MESSAGES, BULK):
        for query in OF_EACH[path]:
            if connection.vendor == "postgresql" and query == {"search": "+1500"}:
                continue  # in all of a few thousand rows: it may as well read them
            page = listed(api, path, query)
            for link in ("next", "next", "previous"):
                page = listed(api, page[link]) if page[link] else page


@pytest.mark.slow
def test_an_operators_lists_are_read_along_indexes_and_counted_no_further_than_they_go(
    client: Client, operator: User, user: User
) -> None:
    row = Message.objects.create(
        owner=user, from_number=OURS, to="+14155550100", status="queued", correlation_id="order-1"
    )
    many.multiply(Message, 2 * ROWS)
    many.analyze()
    client.force_login(operator)
    page = looked_at(client, ADMIN, {}, most=2, walked="messages_by_time").content.decode()
    assert "10000 messages" in page
    known = Message.objects.exclude(pk=row.pk).latest("created_at")
    for term in ("order-1", known.provider_sid, known.to, known.correlation_id):
        # The rows of one ID or number are few enough to sort.
        found = looked_at(client, ADMIN, {"q": str(term)}, most=7, may_sort=True)
        assert "1 message" in found.content.decode()
    # A name that might be an ID: the few rows of those are sorted, hers are not.
    found = looked_at(client, ADMIN, {"q": "ada"}, most=7, may_sort=True)
    assert "10000 messages" in found.content.decode()
    assert "0 messages" in client.get(ADMIN, {"q": "order"}).content.decode()
    failed = Message.objects.filter(status="failed").count()
    assert f"{failed} message" in client.get(ADMIN, {"status": "failed"}).content.decode()
