"""SQL statements of one request, counted and named."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

# Read by each process on a clock, whatever the requests: at most once a second.
_FLAGS = 'FROM "integrations_flag"'


@contextmanager
def at_most(number: int, *, reads_only: bool = False) -> Iterator[None]:
    """Fail with the statements' texts when there are more of them, the session's aside.

    Args:
        reads_only: count SELECTs alone.
    """
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured.captured_queries]
    sessions = [sql for sql in asked if 'FROM "accounts_session"' in sql]
    flags = [sql for sql in asked if _FLAGS in sql]
    counted = [sql for sql in asked if sql not in (*sessions, *flags)]
    if reads_only:
        counted = [sql for sql in counted if sql.startswith("SELECT")]
    assert len(counted) <= number, "\n".join(["Too many SQL statements:", *counted])
    assert len(sessions) <= 1, "\n".join(sessions)
    assert len(flags) <= 1, "\n".join(flags)
