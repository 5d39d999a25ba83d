"""A database of a test's own, as migrated as the tests': for what replaces whole databases."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection


@contextmanager
def own_database(directory: Path) -> Iterator[Any]:
    """Point Django's connection at a new database; yields a function that makes it an empty one."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    name = (
        f"{directory}/own.sqlite3" if connection.vendor == "sqlite" else f"own_{uuid.uuid4().hex}"
    )
    _copy(str(usual), name)
    connection.settings_dict["NAME"] = name
    made = [name]

    def empty() -> None:
        """Go on with a database in which there is nothing, not even a table."""
        connection.close()
        made.append(f"{name}2")
        if connection.vendor == "postgresql":
            _maintain(f'CREATE DATABASE "{name}2"')
        connection.settings_dict["NAME"] = f"{name}2"

    try:
        yield empty
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        if connection.vendor == "postgresql":
            for one in made:
                _maintain(f'DROP DATABASE "{one}" WITH (FORCE)')


def _copy(source: str, target: str) -> None:
    if connection.vendor == "postgresql":
        _maintain(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        return
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _maintain(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
