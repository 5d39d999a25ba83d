"""`/metrics` for Prometheus, and the middleware that keeps its labels bounded."""

import hmac
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_prometheus.middleware import PrometheusAfterMiddleware, PrometheusBeforeMiddleware
from prometheus_client import CONTENT_TYPE_LATEST

from ava.http import clients
from ava.http.problems import NotFound
from ava.http.responses import NEVER_KEPT, problem_response
from ava.observability import scrape
from ava.ratelimit import limited


class _Children:
    """Labelled metrics, looked up once for each set of labels."""

    _children: ClassVar[dict[Any, Any]] = {}

    def label_metric(self, metric: Any, request: Any, response: Any = None, **labels: str) -> Any:
        """django-prometheus' own hook."""
        key = (metric, *labels.values())
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(**labels) if labels else metric
        return child


class MetricsBeforeMiddleware(_Children, PrometheusBeforeMiddleware):
    """django-prometheus' outer half."""


class MetricsAfterMiddleware(_Children, PrometheusAfterMiddleware):
    """django-prometheus' inner half, less its double count of views that raise."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # The parent also observes the latency here, and once more in process_response.
        metrics = self.metrics
        metrics.exceptions_by_type.labels(type=type(exception).__name__).inc()
        metrics.exceptions_by_view.labels(view=self._get_view_name(request)).inc()


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
