"""SQLite's own online backup: one consistent file while others write."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

FILE = "database.sqlite3"


def save(directory: Path) -> dict[str, int]:
    """Copy the database into the directory. Rows by table, counted in the copy."""
    path = directory / FILE
    with closing(sqlite3.connect(_file())) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        # A copy in one file: without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        (said,) = copy.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            raise CommandError(f"The copy is not whole: {said}")
        return count(copy)


def count(database: sqlite3.Connection) -> dict[str, int]:
    tables = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {
        name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in tables.fetchall()
        if "_search" not in name  # virtual tables are made of the others
    }


def require_alone() -> None:
    """Raises CommandError where another process has the database open."""
    connection.close()
    if not _file().exists():
        return
    with closing(sqlite3.connect(_file(), timeout=0)) as database:
        try:
            # Takes all other connections to be closed; they open it with WAL again.
            database.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as fault:
            raise CommandError("The database is in use: stop AVA first.") from fault


@contextmanager
def replacing(directory: Path, migrations: list[str]) -> Iterator[None]:
    """Let Django work on a copy of the backup, which takes the place of the database at the end of
    the block: who is killed before has changed nothing."""
    target = _file()
    aside = target.with_name(f"{target.name}.restoring")
    for end in ("", "-wal", "-shm"):
        Path(f"{aside}{end}").unlink(missing_ok=True)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(directory / FILE, aside)
    aside.chmod(0o600)
    connection.close()
    connection.settings_dict["NAME"] = str(aside)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(target)
    with closing(sqlite3.connect(aside)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    os.replace(aside, target)


def _file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))
