"""Page of how providers answer: latency of the user's own requests, outages of all users."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ava.activity.models import Activity
from integrations.breakers import history
from integrations.breakers.models import BreakerEvent

pytestmark = pytest.mark.django_db

PAGE = "/settings/providers"


def attempted(owner: User, *took: float, name: str = "Vapi", hours: float = 0.5) -> None:
    at = timezone.now() - timedelta(hours=hours)
    Activity.objects.bulk_create(
        Activity(
            owner=owner,
            correlation_id="walk-1",
            at=at,
            kind="attempt",
            summary=f"{name}: GET /assistant",
            status="200",
            failed=ms > 900,
            duration_ms=ms,
        )
        for ms in took
    )


def changed(*states: tuple[float, str, str], provider: str = "vapi") -> None:
    for hours, before, after in states:
        BreakerEvent.objects.create(
            provider=provider,
            from_state=before,
            to_state=after,
            reason="planted reason",
            at=timezone.now() - timedelta(hours=hours),
        )


def text(browser: Client) -> str:
    answer = browser.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def rows(browser: Client, name: str) -> list[list[str]]:
    answer = browser.get(PAGE, {"csv": name})
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode())))


def test_without_a_request_there_is_a_way_on(browser: Client) -> None:
    assert "Nothing was asked of a provider yet" in text(browser)


def test_the_speed_of_ones_own_requests_is_told_and_drawn(
    browser: Client, user: User, stranger: User
) -> None:
    attempted(user, *range(100, 200), 950)
    attempted(user, 30, hours=3.5)
    attempted(user, 7, hours=25)
    attempted(stranger, 9999, name="Twilio")
    page = text(browser)
    assert "102 requests of yours in 24 hours" in page
    assert "1 without success" in page
    assert "Half were answered within 150 ms, 95 % within 195 ms." in page
    assert "Twilio" not in page.split('id="main"')[1]
    found = rows(browser, "vapi-latency")
    assert len(found) == 25
    assert [found[-1][1:], found[-4][1:], found[-2][1:]] == [["150", "45"], ["30", "0"], ["0", "0"]]


def test_outages_are_told_with_their_minutes_and_not_their_reasons(browser: Client) -> None:
    with time_machine.travel(datetime(2026, 12, 15, 12, tzinfo=UTC), tick=False):
        changed(
            (30.0, "closed", "open"),
            (29.75, "open", "half_open"),
            (29.5, "half_open", "closed"),
            (0.5, "closed", "open"),
        )
        page = text(browser)
        assert "not yet" in page
        assert "planted" not in page
        assert [row[1] for row in rows(browser, "vapi-outages")[1:]][-2:] == ["30", "30"]


def test_an_outage_that_began_before_the_days_shown_counts_from_their_beginning(
    browser: Client,
) -> None:
    with time_machine.travel(datetime(2026, 12, 15, 12, tzinfo=UTC), tick=False):
        changed((24 * 6, "open", "half_open"), (24 * 6 - 0.5, "half_open", "closed"))
        [outage] = history.outages(now=timezone.now())["vapi"]
        assert outage.start == timezone.now() - timedelta(days=7)


def test_the_page_costs_the_same_however_much_happened(browser: Client, user: User) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            text(browser)
        return len(found)

    attempted(user, 5)
    few = statements()
    attempted(user, *[5.0] * 300)
    changed(*[(number / 10, "closed", "open") for number in range(60)])
    assert max(few, statements()) <= 8
