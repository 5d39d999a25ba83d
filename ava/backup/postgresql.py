"""PostgreSQL by COPY, table by table in one snapshot: no tool of PostgreSQL's has to be there."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

_OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_MIGRATIONS = MigrationRecorder.Migration._meta.db_table


def save(directory: Path) -> dict[str, int]:
    """Copy every table into a file. Rows by table."""
    rows = {}
    with _whole_transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") as cursor:
        for table in _tables():
            path = directory / _file_of(table)
            with gzip.open(path, "wb", compresslevel=6) as file:
                columns = ", ".join(_columns(table))
                with cursor.copy(f"COPY {_quoted(table)} ({columns}) TO STDOUT") as copy:
                    file.write(f"{columns}\n".encode())
                    for block in copy:
                        file.write(block)
            rows[table] = cursor.rowcount
            # One line each, after that of the columns: line breaks in values are escaped.
            with gzip.open(path, "rb") as file:
                if sum(1 for _ in file) - 1 != cursor.rowcount:
                    raise CommandError(f"The copy of {table} is not whole.")
    return rows


def require_alone() -> None:
    """Raises CommandError where another client has the database open."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        (others,) = cursor.fetchone()
    if others:
        raise CommandError(f"The database has {others} other connections: stop AVA first.")


@contextmanager
def replacing(directory: Path, migrations: list[str]) -> Iterator[None]:
    """Make the tables as they were, fill them, and run the block, which brings them up to date."""
    _drop()
    _migrate_to(migrations)
    with _whole_transaction() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        tables = [table for table in _tables() if (directory / _file_of(table)).exists()]
        # Migrations have filled some of them.
        cursor.execute(f"TRUNCATE {', '.join(map(_quoted, tables))}")
        for table in tables:
            with gzip.open(directory / _file_of(table), "rb") as file:
                columns = file.readline().decode().strip()
                with cursor.copy(f"COPY {_quoted(table)} ({columns}) FROM STDIN") as copy:
                    while block := file.read(1 << 20):
                        copy.write(block)
        models: list[Any] = [*apps.get_models(include_auto_created=True)]
        models.append(MigrationRecorder.Migration)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    yield


@contextmanager
def _whole_transaction(mode: str = "") -> Iterator[Any]:
    """A cursor of psycopg's, which knows COPY; statements may take as long as they like."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if mode:
            cursor.execute(f"SET TRANSACTION {mode}")
        cursor.execute("SET LOCAL statement_timeout = 0")
        with connection.connection.cursor() as raw:
            yield raw


def _drop() -> None:
    tables = [table for table in connection.introspection.table_names() if table in _known()]
    if tables:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(map(_quoted, tables))} CASCADE")


def _migrate_to(migrations: list[str]) -> None:
    """Migrate the empty database to the state of the backup."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, _, name in (one.partition(".") for one in migrations)}
    nodes = [node for node in executor.loader.graph.nodes if node in wanted]
    followed = {
        parent.key
        for node in nodes
        for parent in executor.loader.graph.node_map[node].parents
        if parent.key[0] == node[0]
    }
    executor.migrate([node for node in nodes if node not in followed])


def _known() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {*(model._meta.db_table for model in models if model._meta.managed), _MIGRATIONS}


def _tables() -> list[str]:
    """Tables that are there."""
    return sorted(_known() & set(connection.introspection.table_names()))


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    return [_quoted(column.name) for column in described]


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def _file_of(table: str) -> str:
    return f"{table}.copy.gz"
