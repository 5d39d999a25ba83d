"""`/metrics` for Prometheus, and the time of SQL statements."""

import hmac
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, Histogram

from ava.http import clients
from ava.http.problems import NotFound
from ava.http.responses import NEVER_KEPT, problem_response
from ava.observability import scrape
from ava.ratelimit.views import limited

STATEMENTS = Histogram(
    "ava_database_statement_duration_seconds",
    "Time of a SQL statement, those that failed included.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


def time_statements() -> None:
    """Observe each statement of every connection to the database."""
    connection_created.connect(_time_statements_of, dispatch_uid="ava.observability.metrics")


def _time_statements_of(connection: BaseDatabaseWrapper, **signal: Any) -> None:
    if _timed not in connection.execute_wrappers:  # a connection may be opened again
        connection.execute_wrappers.append(_timed)


def _timed(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    started = time.perf_counter()
    try:
        return run(sql, params, many, context)
    finally:
        STATEMENTS.observe(time.perf_counter() - started)


@limited("metrics")
def metrics(request: HttpRequest) -> HttpResponse:
    """The scrape. Readable with the token, or from this machine when no token is set."""
    if not _may_read(request):
        return problem_response(NotFound())
    return HttpResponse(scrape.text(), content_type=CONTENT_TYPE_LATEST, headers=NEVER_KEPT)


def _may_read(request: HttpRequest) -> bool:
    expected = settings.METRICS_TOKEN
    if expected:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), expected.encode())
        return right and scheme.lower() == "bearer"
    return clients.is_local(request)
