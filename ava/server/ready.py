"""Answers of AVA's own addresses that are ready in memory."""

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava.http import fastpath, schema
from ava.http.responses import LIVENESS
from ava.observability import health
from ava.ratelimit import limited


def register() -> None:
    """Put them on the fast path."""
    fastpath.register(LIVENESS, health.healthz, asks_redis=False)
    fastpath.register("/api/schema", _schema, asks_redis=True)


def _schema(request: WSGIRequest) -> HttpResponseBase | None:
    found = schema.remembered(request)
    return None if found is None else _documentation(request, found)


@limited("documentation")
def _documentation(request: HttpRequest, found: HttpResponseBase) -> HttpResponseBase:
    return found
