"""Reading `Retry-After`."""

from datetime import UTC, datetime

import pytest

from ava.upstream.transport import retry_after

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 13:00:30 +0100", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("3600", 3600),
        ("0" * 20 + "7", 7),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("1e9", None),
        ("\u0667", None),
        ("Thu, 01 Jan 2026 13:00:01 GMT", 3600),
        ("Fri, 01 Jan 2094 12:00:00 GMT", 3600),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 3600),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ("Thu, 99 Jan 2026 12:00:30 GMT", None),
        ("²", None),
        ("Thu, 01 Jan 2026 99999999999999999999:00:30 GMT", None),
        ("Thu, 01 Jan 2026 12:00:30 +99999999999999999999", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(text, seconds):
    assert retry_after({"Retry-After": text}, NOW) == seconds


def test_no_header_is_no_wish():
    assert retry_after({}, NOW) is None
