"""Many rows of activity, made by the database: stories of five rows each."""

from django.contrib.auth.models import User
from django.db import connection

_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS "
    "(SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last})",
    "postgresql": "WITH numbers(n) AS (SELECT * FROM generate_series({first}, {last} - 1))",
}
_AT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', '2026-03-01', '-' || n || ' seconds') || '000'",
    "postgresql": "timestamptz '2026-03-01Z' - n * interval '1 second'",
}
_ROWS = """
INSERT INTO activity_activity
    (owner_id, correlation_id, at, kind, summary, status, failed, duration_ms, link)
{numbers}
SELECT CASE WHEN n / 5 % 10 < 9 THEN {one} ELSE {other} END,
       'story-' || (n / 5), {at},
       CASE n % 5 WHEN 0 THEN 'message' WHEN 1 THEN 'job' WHEN 4 THEN 'request' ELSE 'attempt' END,
       'Twilio: POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json',
       CASE WHEN n / 5 % 1000 = 7 THEN '500' ELSE '200' END,
       n / 5 % 1000 = 7, 12.5, ''
FROM numbers
"""


def fill(first: int, last: int, *, one: User, other: User) -> None:
    """Make the rows with these numbers; nine stories of ten are of `one`, one of 1000 failed."""
    numbers = _NUMBERS[connection.vendor].format(first=first, last=last)
    at = _AT[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(numbers=numbers, one=one.pk, other=other.pk, at=at))
