"""Times, numbers and money, as they are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from ava.console import curl, states, writing

NOW = datetime(2026, 12, 2, 14, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=3, seconds=50), "3 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=6), "6 d ago"),
        (timedelta(days=7), "25 Nov"),
        (timedelta(days=400), "28 Oct 2025"),
        (timedelta(seconds=-5), "in a moment"),
        (timedelta(hours=-2), "in 2 h"),
    ],
)
def test_a_time_is_relative_until_it_is_a_week_old(past: timedelta, text: str) -> None:
    assert writing.ago(NOW - past, NOW) == text


@pytest.mark.parametrize(("seconds", "text"), [(3, "0:03"), (151, "2:31"), (3751.4, "1:02:31")])
def test_a_duration_is_written_as_a_clock_does(seconds: float, text: str) -> None:
    assert writing.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+14155550101", "+1 415-555-0101"),
        ("+4930901820", "+49 30 901820"),
        ("+442079460000", "+44 20 7946 0000"),
        ("sip:desk@example.com", "sip:desk@example.com"),
        ("", ""),
    ],
)
def test_a_number_is_grouped_as_its_country_does(number: str, text: str) -> None:
    assert writing.phone(number) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("-0.31"), "USD", "$0.31"),
        (Decimal("-0.00790"), "usd", "$0.0079"),
        (1240, "EUR", "€1,240.00"),
        (5, "SEK", "5.00 SEK"),
        (0, "USD", "$0.00"),
    ],
)
def test_money_has_its_currency_and_a_small_price_its_digits(amount, currency, text) -> None:
    assert writing.money(amount, currency) == text


def test_a_time_says_its_exact_moment_too() -> None:
    template = Template("{% load console %}{% ago moment %}")
    html = template.render(Context({"moment": NOW - timedelta(days=900)}))
    assert 'datetime="2024-06-15T14:03:00+00:00"' in html
    assert 'title="2024-06-15 14:03:00 UTC"' in html


def test_a_state_is_told_by_icon_and_word_and_an_unknown_one_stands_as_it_is() -> None:
    template = Template('{% load console %}{% badge "no-answer" %}{% badge "brand_new" %}')
    html = template.render(Context())
    assert "#phone-missed" in html
    assert "no answer" in html
    assert "brand new" in html
    assert states.shown("brand_new").tone == "unknown"


def test_a_request_is_copied_as_a_command_that_no_text_breaks_out_of() -> None:
    request = RequestFactory().get("/calls")
    body = {"say": "It's me; $(rm -rf ~)"}
    text = curl.command(request, "POST", "/api/v1/twilio/calls?a=1&b=2", body)
    assert text.startswith("curl -X POST 'http://testserver/api/v1/twilio/calls?a=1&b=2' \\\n")
    assert '"Authorization: Bearer $AVA_TOKEN"' in text
    assert """--data '{"say": "It'"'"'s me; $(rm -rf ~)"}'""" in text


def test_what_people_wrote_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    source = (
        "{% load console %}{% banner title=evil %}{{ evil }}{% endbanner %}"
        "{% empty title=evil text=evil %}{{ evil }}{% endempty %}"
        '{% dialog id="x" title=evil %}{{ evil }}{% enddialog %}'
        '{% badge evil %}{% icon "x" label=evil %}{{ evil|phone }}{% money 1 evil %}'
        '{% include "ui/copy.html" with text=evil %}{% include "ui/change.html" with before=evil %}'
    )
    assert "<script" not in Template(source).render(Context({"evil": evil}))
