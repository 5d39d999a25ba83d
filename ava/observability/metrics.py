"""`/metrics` for Prometheus, and the middleware that keeps its labels bounded."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django_prometheus.middleware import PrometheusAfterMiddleware, PrometheusBeforeMiddleware
from prometheus_client import CONTENT_TYPE_LATEST

from ava.http import clients
from ava.http.problems import MethodNotAllowed, NotFound
from ava.http.responses import problem_response
from ava.observability import scrape
from ava.ratelimit.views import limited

TAKEN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Known, so that what it is asked about says which methods it takes.
METHODS = (*TAKEN, "OPTIONS")


class KnownMethodsMiddleware:
    """Refuse made-up methods before anything counts or logs them by name.

    django-prometheus labels its latency histogram with the raw method.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            refusal = MethodNotAllowed(headers={"Allow": ", ".join(TAKEN)})
            return problem_response(refusal)
        return self.get_response(request)


class MetricsBeforeMiddleware(PrometheusBeforeMiddleware):
    """django-prometheus' outer half."""


class MetricsAfterMiddleware(PrometheusAfterMiddleware):
    """django-prometheus' inner half, less its double count of views that raise."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # The parent also observes the latency here, and once more in process_response.
        metrics = self.metrics
        metrics.exceptions_by_type.labels(type=type(exception).__name__).inc()
        metrics.exceptions_by_view.labels(view=self._get_view_name(request)).inc()


@never_cache
@limited("metrics")
def metrics(request: HttpRequest) -> HttpResponse:
    """The scrape. Readable with the token, or from this machine when no token is set."""
    if not _may_read(request):
        return problem_response(NotFound())
    return HttpResponse(scrape.text(), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    expected = settings.METRICS_TOKEN
    if expected:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), expected.encode())
        return right and scheme.lower() == "bearer"
    return clients.is_local(request)
