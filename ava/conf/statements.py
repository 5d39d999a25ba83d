"""Limit of PostgreSQL's statements: a default of AVA's role, as poolers take none from clients."""

from typing import Any

from django.db import DatabaseError, connections, transaction

LIMIT = "30s"
"""Time of a statement, locks included: a database that does not answer must not hold every
thread."""


def limit_role(sender: Any, using: str, **_: Any) -> None:
    """Give AVA's role the limit in this database, after a migration, unless it has one.

    A role that may not be changed is left as it is; `ava.W004` says so.
    """
    database = connections[using]
    if database.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using), database.cursor() as cursor:
            cursor.execute("SELECT current_database(), current_setting('statement_timeout')")
            name, limit = cursor.fetchone()
            if limit == "0":
                role = f"CURRENT_USER IN DATABASE {database.ops.quote_name(name)}"
                cursor.execute(f"ALTER ROLE {role} SET statement_timeout = '{LIMIT}'")
    except DatabaseError:
        return
