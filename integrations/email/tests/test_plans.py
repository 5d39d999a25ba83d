"""Query plans of the list of mails: along an index whatever the filter, as after many rows."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from integrations.email.models import Mail
from integrations.email.tests.mailing import MESSAGES
from tests import many

pytestmark = [pytest.mark.database, pytest.mark.slow]

ROWS = 12_000  # more than a count or a scan looks at
FILTERS: list[dict[str, str]] = [
    {},
    {"status": "failed"},
    {"status": "sent", "backend": "resend"},
    {"backend": "smtp"},
    {"correlation_id": "order-1"},
    {"since": "2026-01-02T00:00:00Z"},
    {"until": "2026-01-02T00:00:00Z"},
    {"search": "nothing like it"},
    {"search": "hello", "status": "sent"},
]


@pytest.fixture
def stored(user: User, stranger: User) -> None:
    for owner, rows in ((user, ROWS), (stranger, 2000)):
        row = Mail.objects.create(
            owner=owner, backend="resend", status="sent", subject="Hello", from_email="a@b.example"
        )
        row.recipients.create(kind="to", address="grace@example.org", status="sent")
        many.multiply(Mail, rows, owner=owner)
    many.analyze()


def faults(statement: str) -> list[str]:
    """Steps of a statement's plan that take longer the more rows there are."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a few thousand rows, most of them one user's, it may as well read all.
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {statement}")
        steps = [str(row[-1]) for row in cursor.fetchall()]
    wrong = r"SCAN integrations_|Seq Scan on integrations_"
    # Entries and recipients of one page may be sorted. So may, on PostgreSQL, a few hundred rows,
    # and the rest of a table that is hardly longer than what one page looks through.
    if not re.search(r"(intent_id|mail_id)\" IN|OFFSET", statement):
        wrong += r"|TEMP B-TREE|Sort  .* rows=\d{4}"
    found = [one for one in steps if re.search(wrong, one)]
    return [f"{one}\n  in {steps}" for one in found]


def test_every_page_is_read_along_an_index(api: APIClient, stored: None, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000
    for query in FILTERS:
        address: str | None = MESSAGES
        for link in ("next", "previous", ""):
            with CaptureQueriesContext(connection) as asked:
                page = api.get(address, query if address == MESSAGES else None).json()
            found = [one["sql"] for one in asked.captured_queries]
            ours = [sql for sql in found if 'FROM "integrations_mail' in sql]
            assert 0 < len(ours) <= 4
            assert [fault for sql in ours for fault in faults(sql)] == [], query
            address = page[link] if link else None
            if not address:
                break
