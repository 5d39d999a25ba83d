"""How long the database may keep a webhook waiting: providers give up, and must be told before."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from ava.sqlite.base import DatabaseWrapper as SQLite

SECONDS = 3.0
"""Twilio gives up after 15 s, its repetitions included: this leaves it room for three of them
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides, `tt`)."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let no statement of this thread wait for longer, neither for others nor for itself.

    Raises:
        OperationalError: from within, where one had to.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if isinstance(connection, SQLite):
        before, connection.patience = connection.patience, seconds
        try:
            yield
        finally:
            connection.patience = before
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {round(seconds * 1000)}")
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
        except DatabaseError:
            connection.close()  # The next one to use it gets a new one.
