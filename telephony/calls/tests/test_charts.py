"""Charts of calls in the console: their numbers, their table, their CSV."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telephony.calls import figures
from telephony.calls.tests.test_pages import make, text
from telephony.conftest import OURS, THEIRS

pytestmark = pytest.mark.database

CHARTS = "/calls/charts"


def rows(browser: Client, name: str, days: int = 14) -> list[dict[str, str]]:
    answer = browser.get(CHARTS, {"csv": name, "days": days})
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def paid(owner: User, cents: int, **more: Any) -> None:
    make(owner, price=Decimal(cents) / 100, price_unit="USD", **more)


def test_calls_are_counted_by_day_and_outcome(browser: Client, user: User, stranger: User) -> None:
    now = timezone.now()
    make(user, 3)
    for status in ("busy", "no-answer", "failed", "ringing"):
        make(user, status=status)
    make(user, 2, created_at=now - timedelta(days=2))
    make(user, created_at=now - timedelta(days=40))
    make(stranger, 7)
    found = rows(browser, "days")
    assert len(found) == 14
    today, before = found[-1], found[-3]
    assert list(today.values())[1:] == ["3", "2", "1", "1"]
    assert (before["answered"], before["failed"]) == ("2", "0")
    assert sum(int(row["answered"]) for row in found) == 5
    assert sum(int(row["answered"]) for row in rows(browser, "days", 90)) == 6


def test_costs_are_summed_by_assistant_and_by_number_of_ours(browser: Client, user: User) -> None:
    paid(user, 30, assistant_id="one")
    paid(user, 20, assistant_id="one", direction="inbound", to=OURS, from_number=THEIRS)
    paid(user, 5)
    assert [tuple(row.values()) for row in rows(browser, "assistants")] == [
        ("one", "0.5"),
        ("No assistant", "0.05"),
    ]
    assert [tuple(row.values()) for row in rows(browser, "numbers")] == [
        ("'+1 500-555-0006", "0.55")
    ]


def test_another_currency_is_left_out_and_said_so(browser: Client, user: User) -> None:
    paid(user, 30)
    paid(user, 10)
    make(user, price=9, price_unit="EUR")
    page = text(browser.get(CHARTS))
    assert "1 call paid in another currency than USD" in page
    assert "$0.40" in page


def test_beyond_a_number_of_columns_the_rest_is_one(browser: Client, user: User) -> None:
    for number in range(9):
        paid(user, 10 + number, from_number=f"+1500555{number:04}")
    found = rows(browser, "numbers")
    assert len(found) == 7
    assert found[-1]["Number"] == "3 others"


def test_a_chart_has_its_table_its_file_and_its_time(browser: Client, user: User) -> None:
    paid(user, 30)
    page = text(browser.get(CHARTS, {"days": "90"}))
    for shown in ("Calls by day", "Cost by number", "The numbers", "days=90&amp;csv=numbers"):
        assert shown in page
    assert 'aria-current="page">90 days' in page
    assert 'aria-current="page">30 days' in text(browser.get(CHARTS, {"days": "7000"}))


def test_without_calls_there_is_a_way_on(browser: Client) -> None:
    assert "No calls in these days" in text(browser.get(CHARTS))


def test_of_very_many_calls_the_newest_are_drawn_at_the_same_cost(
    browser: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get(CHARTS)
        return len(found)

    paid(user, 1)
    few = statements()
    now = timezone.now()
    for number in range(30):
        make(user, created_at=now - timedelta(minutes=number))
    monkeypatch.setattr(figures, "MOST", 20)
    assert max(few, statements()) <= 8
    assert "Of the newest 10,000 calls" in text(browser.get(CHARTS))
    assert sum(int(row["answered"]) for row in rows(browser, "days")) <= 21
