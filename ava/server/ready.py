"""Answers of AVA's own addresses that are ready in memory."""

from functools import cached_property

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava.http import fastpath, schema
from ava.http.responses import LIVENESS
from ava.observability import health
from ava.ratelimit.views import limited


def register() -> None:
    """Put them on the fast path."""
    fastpath.register(LIVENESS, _Liveness)
    fastpath.register("/api/schema", _Schema)


class _Liveness(fastpath.FastAnswer):
    group = "probes"

    def make(self) -> HttpResponseBase:
        return health.healthz(self.request)


class _Schema(fastpath.FastAnswer):
    group = "documentation"

    @cached_property
    def _found(self) -> HttpResponseBase | None:
        return schema.remembered(self.request)

    def is_ready(self) -> bool:
        return self._found is not None

    def make(self) -> HttpResponseBase | None:
        return self._found and _documentation(self.request, self._found)


@limited("documentation")
def _documentation(request: HttpRequest, found: HttpResponseBase) -> HttpResponseBase:
    return found
