"""The clocks of the browser: what is shown, what "today" is, and what a day means as a filter."""

from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from ava.console.zones import COOKIE
from telephony.models import Call

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 12, 3, tzinfo=BERLIN)

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(user: User) -> None:
    """One in each hour around midnight in Berlin."""
    for hours in (-1, 0, 1):
        Call.objects.create(
            owner=user,
            holder="operator",
            to="+14155550101",
            from_number="+15005550006",
            status="failed",
            created_at=MIDNIGHT + timedelta(hours=hours),
        )


def page(browser: Client, address: str, zone: str) -> str:
    browser.cookies[COOKIE] = zone
    with time_machine.travel(MIDNIGHT + timedelta(hours=2), tick=False):
        answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_exact_times_are_on_the_clocks_of_the_browser(browser: Client, calls: None) -> None:
    assert 'title="2026-12-03 01:00:00 CET"' in page(browser, "/calls", "Europe/Berlin")
    assert 'title="2026-12-03 05:30:00 IST"' in page(browser, "/calls", "Asia/Kolkata")


@pytest.mark.parametrize("zone", ["", "Nowhere/Else", "../../etc/passwd", "x" * 4000])
def test_a_browser_that_tells_no_zone_reads_utc(browser: Client, calls: None, zone: str) -> None:
    assert 'title="2026-12-03 00:00:00 UTC"' in page(browser, "/calls", zone)


def test_today_begins_at_the_browsers_midnight(browser: Client, calls: None) -> None:
    calls_today = '<p class="figure-value">{}</p> <p class="figure-change">None then'
    assert calls_today.format(2) in page(browser, "/", "Europe/Berlin")
    assert calls_today.format(1) in page(browser, "/", "UTC")


def test_a_day_as_a_filter_begins_there_as_well_and_curl_says_when(
    browser: Client, calls: None
) -> None:
    shown = page(browser, "/calls?since=2026-12-03", "Europe/Berlin")
    assert "2 calls" in shown
    assert "since=2026-12-03T00:00:00+01:00" in unquote(shown)
    assert "1 call" in page(browser, "/calls?since=2026-12-03", "UTC")


def test_charts_have_the_browsers_days(browser: Client, calls: None) -> None:
    browser.cookies[COOKIE] = "Europe/Berlin"
    with time_machine.travel(MIDNIGHT + timedelta(hours=2), tick=False):
        lines = browser.get("/calls/charts?csv=days").content.decode().splitlines()
    assert lines[0].startswith("Day,")
    assert [line for line in lines if line.startswith("2026-12-03")] == ["2026-12-03,0,0,2"]
