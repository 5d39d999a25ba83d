"""Costs of lists as tables grow: `python -m benchmarks.growth [ROWS...] [users=USERS...]`.

Requests in one process, through Django's test client, on SQLite and on PostgreSQL: pages of 50
messages and calls of one user who has more and more of them, and then of one who keeps a thousand
while other users become more. Milliseconds, the quickest of 21: other work on the machine adds to
all others.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.table import versions

ROWS, USERS = (100, 10_000, 200_000), (10, 1_000, 100_000)
REPEATS = 21
OURS, TEXT = "+15005550006", "Your table is booked for tomorrow at ten. Reply STOP to end this."
LISTS = {
    "messages, first": ("messages", {}),
    "deep, by cursor": ("messages", {"cursor": "deep"}),
    "status=failed": ("messages", {"status": "failed"}),
    "to=": ("messages", {"to": "one"}),
    "from=, all rows": ("messages", {"from": OURS}),
    "direction=, no row": ("messages", {"direction": "inbound"}),
    "since=": ("messages", {"since": "2026-01-01T00:00:00Z"}),
    "search: a number": ("messages", {"search": "one"}),
    "search: an ID": ("messages", {"search": "sid"}),
    "search: no row": ("messages", {"search": "nothing like it"}),
    "search: all rows": ("messages", {"search": "table is booked"}),
    "search: two letters": ("messages", {"search": "zz"}),
    "calls, first": ("calls", {}),
    "calls, search: a number": ("calls", {"search": "one"}),
}


def main(arguments: list[str]) -> int:
    from tests import postgres

    print(versions("django", "psycopg"))
    with postgres.running() as url:
        for name, database in (("SQLite", ""), ("PostgreSQL", url)):
            environment = {
                **os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings",
            }  # fmt: skip
            command = [sys.executable, "-m", "benchmarks.growth", f"on={name}", *arguments]
            if subprocess.run(command, env=environment, check=False).returncode:
                return 1
    return 0


def measure(name: str, rows: list[int], users: list[int]) -> None:
    """The tables of one database, the one of the settings."""
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    settings.RATE_LIMIT_PER_MINUTE, settings.ALLOWED_HOSTS = 10_000_000, ["*"]
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        version = "sqlite_version()" if connection.vendor == "sqlite" else "version()"
        cursor.execute(f"SELECT {version}")
        [found] = cursor.fetchone()
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")  # making the rows takes longer
    print(f"\n{name} {found.removeprefix('PostgreSQL ').split()[0]}")
    _show("rows of the user", rows, _grow_rows)
    _show("users", users, _grow_users)


def _show(what: str, sizes: list[int], grow: Callable[[int], Any]) -> None:
    columns = []
    for size in sizes:
        user = grow(size)
        columns.append(dict(_costs(user)))
    print(f"\n| {what} | {' | '.join(f'{size:,}' for size in sizes)} |")
    print("|---" * (len(sizes) + 1) + "|")
    for name in LISTS:
        print(f"| {name} | {' | '.join(f'{column[name]:.1f}' for column in columns)} |")


def _grow_rows(count: int) -> Any:
    from telephony.models import Call, Message
    from tests import many

    user = _person("ada")
    for model, share in ((Message, 1), (Call, 4)):
        many.multiply(model, max(1, count // share), owner=user)
    many.analyze()
    return user


def _grow_users(count: int) -> Any:
    from django.contrib.auth.models import User

    from telephony.models import Call, Message
    from tests import many

    User.objects.filter(username="ada").delete()
    user = _person("eve")
    for model in (Message, Call):
        many.multiply(model, 1_000, owner=user)
    there = User.objects.count()
    names = (f"user-{number}" for number in range(there, count))
    User.objects.bulk_create([User(username=name) for name in names], batch_size=1000)
    many.spread(Message, of=user, each=3)
    many.analyze()
    return user


def _person(name: str) -> Any:
    from django.contrib.auth.models import User

    from telephony.models import Call, Message

    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        pair = {"owner": user, "from_number": OURS, "to": "+14155550100", "status": "delivered"}
        Message.objects.create(**pair, body=TEXT)
        Call.objects.create(**pair | {"status": "completed"})
    return user


def _costs(user: Any) -> Iterator[tuple[str, float]]:
    from django.core import signing
    from rest_framework.test import APIClient

    from ava.accounts import services
    from ava.http.keyset import Cursor, salt_of
    from telephony.models import Message

    client = APIClient()
    token = services.open_session(user=user).access_token
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    mine = Message.objects.filter(owner=user)
    row = mine[mine.count() // 2]
    cursor = Cursor(False, False, [row.created_at.isoformat(), str(row.pk)])
    chosen = {
        "deep": signing.dumps(cursor, salt=salt_of(mine)),
        "one": row.to,
        "sid": str(row.provider_sid)[:20],
    }
    for name, (path, query) in LISTS.items():
        asked = {key: chosen.get(value, value) for key, value in query.items()}
        taken = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            answer = client.get(f"/api/v1/twilio/{path}", asked)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.content
        yield name, min(taken)


if __name__ == "__main__":
    given = dict(one.split("=") for one in sys.argv[1:] if "=" in one)
    sizes = [int(one) for one in sys.argv[1:] if "=" not in one] or [*ROWS]
    people = [int(one) for one in given.get("users", "").split(",") if one] or [*USERS]
    if "on" in given:
        measure(given["on"], sizes, people)
    else:
        sys.exit(main(sys.argv[1:]))
