"""Tests on PostgreSQL instead of SQLite: `python -m tests.postgres [PYTEST ARGUMENTS]`.

Only those that meet a database's own ways, the others would say the same again: tests marked
`database` (constraints, queries, what columns keep) or `django_db(transaction=True)`, which commit,
and so lock, wait and race. The server comes from a wheel and lives in a temporary directory.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres_server import PostgresServer

MARKS = ("mark.database", "transaction=True")
"""Of these a file has one, or is not even imported."""


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """An empty PostgreSQL of its own: its DATABASE_URL.

    Args:
        durable: a commit outlives a loss of power, which no test has.
    """
    with PostgresServer(durable=durable) as server:
        yield server.url


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """pytest's hook, where this module is a plugin."""
    if not collection_path.name.startswith("test_"):
        return None
    text = collection_path.read_text()
    return None if any(mark in text for mark in MARKS) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest's hook, where this module is a plugin."""
    chosen = [item for item in items if _meets_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _meets_database(item)])
    items[:] = chosen


def _meets_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("sqlite"):
        return False
    marked = item.get_closest_marker("django_db")
    commits = marked is not None and marked.kwargs.get("transaction", False)
    return commits or item.get_closest_marker("database") is not None


def main() -> int:
    with running() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        # The server goes, and the databases with it: none has to be dropped, and waited for.
        own = ["-p", "tests.postgres", "--reuse-db"]
        command = [sys.executable, "-m", "pytest", *own, *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
