"""`/healthz` for liveness, `/readyz` for readiness.

Liveness touches no dependency: a slow database must not get AVA killed. Readiness names what is
missing; a provider's open breaker is shown there, but never makes AVA unready.
"""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.common import CommonMiddleware
from django.views.decorators.cache import never_cache

from ava import upstream
from ava.ratelimit.views import limited

log = structlog.get_logger("ava.health")

PROBES = ("/healthz", "/readyz")


class HostMiddleware(CommonMiddleware):
    """Django's, which refuses unknown host names; probes name an IP address or none."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path in PROBES:
            return None
        return super().process_request(request)


@never_cache
@limited("probes")
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@limited("probes")
def readyz(request: HttpRequest) -> HttpResponse:
    """AVA can do its work: 200, or 503 with the names of what cannot."""
    checks = {name: _passes(name, probe) for name, probe in _PROBES.items()}
    ready = all(checks.values())
    body = {
        "status": "ready" if ready else "not ready",
        "checks": {name: "ok" if passed else "failed" for name, passed in checks.items()},
        "breakers": {service.label: snapshot.state for service, snapshot in upstream.snapshots()},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _passes(name: str, probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception:  # Whatever the driver raises, the answer is "not ready", not a 500.
        log.warning("readiness check failed", check=name, exc_info=True)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _cache() -> bool:
    cache.set("readyz", "ok", 5)
    return bool(cache.get("readyz") == "ok")


_PROBES: dict[str, Callable[[], bool]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
}
