"""Search index of calls and messages: the trigrams of what is searched in them, by owner.

The database keeps it, so that it has rows of bulk inserts and migrations, too:
docs/adr/0016-lists.md.

PostgreSQL: a GIN index over a function; its keys begin with the owner.
SQLite: an FTS5 table, filled by triggers; its rows are numbered by owner, then by the row's own
number. A migration that rebuilds a table (most do, with SQLite) drops the triggers. So this is no
migration: after each one what is missing is made, and filled.
"""

from typing import Any, Final

from django.apps import AppConfig
from django.db import connections, transaction

from telephony.intents.models import Communication

ROW_BITS: Final = 40
"""Bits of an FTS5 row's number that are the row's own; those above them are the owner's."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION telephony_trigrams(step integer, owner bigint, VARIADIC texts text[])
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
    SELECT array_agg(DISTINCT owner || ' ' || substr(whole, place, 3))
    FROM (SELECT upper(array_to_string(texts, chr(10))) AS whole) AS texts,
        generate_series(1, length(whole) - 2) AS place
    WHERE place % step = 0 OR place = length(whole) - 2
$$
"""


def name_of(model: type[Communication]) -> str:
    """The name of the model's index (PostgreSQL), or of its FTS5 table."""
    return f"{model._meta.db_table}_search"


def trigrams_of(model: type[Communication]) -> str:
    """The expression that PostgreSQL indexes."""
    columns = ", ".join(f'"{name}"' for name in model.searched)
    return f"telephony_trigrams(1, owner_id, {columns})"


def ensure(sender: AppConfig, using: str, **_: Any) -> None:
    """Make what is missing, after a migration."""
    connection = connections[using]
    tables = connection.introspection.table_names()
    for model in sender.get_models():
        if issubclass(model, Communication) and model._meta.db_table in tables:
            make = _sqlite if connection.vendor == "sqlite" else _postgresql
            make(connection, model)


def _postgresql(connection: Any, model: type[Communication]) -> None:
    name = name_of(model)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        if cursor.fetchone() == (True,):
            return
        # Writers go on meanwhile. What was interrupted is left behind, and not valid.
        how = "" if connection.in_atomic_block else "CONCURRENTLY"
        # In no transaction, so no SET LOCAL: behind a pooler it may meet another session. That one
        # loses its limit, and the role's holds here (docs/DEPLOYMENT.md, PgBouncer).
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"DROP INDEX {how} IF EXISTS {name}")
        cursor.execute(_FUNCTION)
        cursor.execute(
            f"CREATE INDEX {how} {name} ON {model._meta.db_table} "
            f"USING gin (({trigrams_of(model)})) WHERE owner_id IS NOT NULL"
        )
        # Nothing to learn from: the planner is to use it always, and to compute it never.
        cursor.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS 0")
        cursor.execute("RESET statement_timeout")


def _sqlite(connection: Any, model: type[Communication]) -> None:
    name, table = name_of(model), model._meta.db_table
    wanted = _triggers(model)
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        if dict(cursor.fetchall()) == wanted:
            return
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(
            f"CREATE VIRTUAL TABLE {name} USING "
            "fts5(text, content='', columnsize=0, detail=none, tokenize='trigram')"
        )
        for trigger, sql in wanted.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            cursor.execute(sql)
        cursor.execute(_entry(model, table, source=f"FROM {table}"))


def _triggers(model: type[Communication]) -> dict[str, str]:
    name, table = name_of(model), model._meta.db_table
    enter, remove = f"{_entry(model, 'new')};", f"{_entry(model, 'old', remove=True)};"
    new, old = (", ".join(_values(model, row)) for row in ("new", "old"))
    names = ", ".join(f'"{column}"' for column in ("owner_id", *model.searched))
    changed = f"UPDATE OF {names} ON {table} WHEN ({new}) IS NOT ({old})"
    events = {
        "insert": (f"INSERT ON {table}", enter),
        "delete": (f"DELETE ON {table}", remove),
        "update": (changed, f"{remove} {enter}"),
    }
    return {
        f"{name}_{event}": f"CREATE TRIGGER {name}_{event} AFTER {when} BEGIN {then} END"
        for event, (when, then) in events.items()
    }


def _entry(model: type[Communication], row: str, *, source: str = "", remove: bool = False) -> str:
    """The statement that enters a row's text, or removes it."""
    name = name_of(model)
    columns, also = (f"{name}, rowid, text", "'delete', ") if remove else ("rowid, text", "")
    owner, *texts = _values(model, row)
    number = f"({owner} << {ROW_BITS}) | {row}.rowid"
    text = " || char(10) || ".join(f"coalesce({one}, '')" for one in texts)
    return (
        f"INSERT INTO {name}({columns}) SELECT {also}{number}, {text} {source} "
        f"WHERE {owner} IS NOT NULL"
    )


def _values(model: type[Communication], row: str) -> list[str]:
    return [f'{row}."{column}"' for column in ("owner_id", *model.searched)]
