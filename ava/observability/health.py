"""`/healthz` for liveness, `/readyz` for readiness.

Liveness needs no dependency: a slow database must not get AVA killed. Readiness names what is
missing. A provider's open breaker is shown there, and so is a lost Redis, but neither makes AVA
unready: everything goes on without them.
"""

from collections.abc import Callable
from typing import Literal

import structlog
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from ava import redis, upstream
from ava.http.responses import NEVER_KEPT
from ava.observability import draining
from ava.ratelimit.views import limited

log = structlog.get_logger("ava.observability.health")


@limited("probes")
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"}, headers=NEVER_KEPT)


@limited("probes")
def readyz(request: HttpRequest) -> HttpResponse:
    """AVA can do its work: 200, or 503 with the names of what cannot."""
    if draining.is_draining():
        return JsonResponse({"status": "draining"}, status=503, headers=NEVER_KEPT)
    checks = {name: _state(name, probe) for name, probe in _PROBES.items()}
    ready = "failed" not in checks.values()
    body = {
        "status": "ready" if ready else "not ready",
        "checks": checks,
        "breakers": {
            door.service.label: door.breaker.snapshot().state for door in upstream.doors()
        },
    }
    return JsonResponse(body, status=200 if ready else 503, headers=NEVER_KEPT)


State = Literal["ok", "degraded", "failed"]


def _state(name: str, probe: Callable[[], State]) -> State:
    try:
        return probe()
    except Exception:  # Whatever the driver raises, the answer is "not ready", not a 500.
        log.warning("readiness check failed", check=name, exc_info=True)
        return "failed"


def _database() -> State:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return "ok" if cursor.fetchone() == (1,) else "failed"


def _migrations() -> State:
    executor = MigrationExecutor(connection)
    return "failed" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"


def _cache() -> State:
    cache.set("readyz", "ok", 5)
    if cache.get("readyz") != "ok":
        return "failed"
    link = redis.get_client()
    return "degraded" if link is not None and link.lost else "ok"


_PROBES: dict[str, Callable[[], State]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
}
