"""Spans of requests, cache reads, attempts, webhooks and jobs, at the seams of their packages.

Imported only where tracing is on. Each span's attributes are named here, and nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry.trace import SpanKind, get_current_span

from ava import upstream
from ava.cache import read_cache
from ava.http.responses import PROBES
from ava.inbound import door as inbound
from ava.inbound.models import Delivery
from ava.inbound.services import DISPATCH
from ava.jobs import executor
from ava.jobs import services as jobs
from ava.jobs.models import Job
from ava.observability.tracing import (
    ROOT,
    TRACEPARENT,
    clean,
    context_of,
    fail,
    span,
    traceparent,
)
from ava.server.environ import received_at
from ava.upstream.breaker import Transition
from ava.upstream.door import listeners as attempt_listeners
from ava.upstream.transport import Operation

_UNTRACED = (*PROBES, "/metrics")


def connect() -> None:
    """Trace at every seam."""
    read_cache.traced = cache_read
    read_cache.listeners.append(cache_answered)
    upstream.hooks.traced = attempt
    attempt_listeners.append(not_asked)
    upstream.hooks.listeners.append(breaker_changed)
    inbound.traced = webhook
    jobs.traceparent = traceparent
    executor.traced = job


class TracingMiddleware:
    """A span for each request but probes and scrapes, in the caller's trace where it names one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in _UNTRACED:
            return self.get_response(request)
        with span(
            str(request.method),
            {"http.request.method": request.method, "url.path": request.path_info},
            kind=SpanKind.SERVER,
            parent=context_of(request.META.get("HTTP_TRACEPARENT", "")),
            since=received_at(request),
        ) as opened:
            response = self.get_response(request)
            if match := request.resolver_match:
                opened.update_name(f"{request.method} /{match.route}")
                opened.set_attribute("http.route", f"/{match.route}")
            opened.set_attribute("http.response.status_code", response.status_code)
            # Answered from memory, without asking the cache (`ava.http.fastpath`).
            opened.set_attribute("ava.from_memory", hasattr(request, "ready"))
            problem = getattr(response, "problem", None)
            if problem is not None:
                opened.set_attribute("ava.code", problem.code)
            if response.status_code >= 500:
                fail(opened, problem.code if problem is not None else str(response.status_code))
            return response


@contextmanager
def cache_read(name: str) -> Iterator[None]:
    with span(f"cache {name}", {"ava.cache": name}):
        yield


def cache_answered(result: str) -> None:
    get_current_span().set_attribute("ava.cache.result", result)


@contextmanager
def attempt(operation: Operation) -> Iterator[None]:
    about = {
        "ava.provider": operation.service,
        "http.request.method": operation.method,
        # Without its query, which may hold what people look for.
        "url.path": unquote(operation.path.partition("?")[0]) or None,
        "ava.attempt": operation.attempts,
        "ava.breaker": operation.breaker,
    }
    name = f"{operation.service} {operation.method}"
    with span(name, about, kind=SpanKind.CLIENT) as opened:
        operation.headers[TRACEPARENT] = traceparent()
        try:
            yield
        finally:
            ended = {"ava.outcome": operation.outcome, "ava.connection.reused": operation.reused}
            opened.set_attributes(clean(ended))
            if operation.outcome.isdigit():
                opened.set_attribute("http.response.status_code", int(operation.outcome))
                if int(operation.outcome) >= 400:
                    fail(opened, operation.outcome)


def not_asked(about: str, *, status: str, duration_ms: float | None = None, **facts: Any) -> None:
    """A span without a length: the breaker was open, or the bulkhead full."""
    if duration_ms is None:
        provider, _, _ = about.partition(" was not asked")
        with span(f"{provider} not asked", {"ava.outcome": status}) as opened:
            fail(opened, status)


def breaker_changed(change: Transition) -> None:
    about = {
        "ava.provider": change.service,
        "ava.breaker.from": change.from_state,
        "ava.breaker.to": change.to_state,
        "ava.breaker.reason": change.reason,
    }
    get_current_span().add_event("breaker changed", clean(about))


@contextmanager
def webhook(delivery: Delivery) -> Iterator[None]:
    about = {
        "ava.provider": delivery.provider,
        "ava.webhook": delivery.kind,
        "ava.webhook.event": delivery.event,
    }
    name = f"webhook {delivery.provider} {delivery.kind}"
    with span(name, about, cause=_cause_of(delivery)):
        yield


def _cause_of(delivery: Delivery) -> str:
    """Traceparent of the request that the webhook is a consequence of, by the jobs it left."""
    theirs = Job.objects.filter(correlation_id=delivery.correlation_id).exclude(traceparent="")
    found = theirs.exclude(kind=DISPATCH).order_by("created_at")
    return found.values_list("traceparent", flat=True).first() or ""


@contextmanager
def job(row: Job) -> Iterator[None]:
    about = {"ava.job": row.kind, "ava.job.id": str(row.pk), "ava.job.attempt": row.attempts + 1}
    with span(
        f"job {row.kind}", about, kind=SpanKind.CONSUMER, parent=ROOT, cause=row.traceparent
    ) as opened:
        try:
            yield
        finally:
            opened.set_attribute("ava.job.outcome", row.outcome)
            if row.outcome in ("failed", "dead"):
                fail(opened, row.outcome)
