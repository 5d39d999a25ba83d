"""Tracing by OpenTelemetry: spans of this process, and the trace context they are part of.

Imported only where tracing is on (`OTEL_EXPORTER_OTLP_ENDPOINT`). Until `start` spans go nowhere,
so that a process which forks, or runs one command, has no thread that sends them.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    Link,
    NoOpTracer,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ava.http import correlation
from ava.http.problems import Problem
from ava.observability.logs import redact

TRACEPARENT: Final = "traceparent"

STOP_SECONDS: Final = 3.0
"""Seconds for which a process that ends waits until its last spans are taken."""

ROOT: Final = Context()
"""The parent of a span that begins a trace of its own."""

# Neither `tracestate` nor `baggage`: what strangers write there would reach others.
_propagator = TraceContextTextMapPropagator()
_tracer: Tracer = NoOpTracer()
_provider: TracerProvider | None = None


def start(exporter: SpanExporter) -> None:
    """Send this process' spans from here on. Called after the last fork."""
    global _tracer, _provider
    # Once a batch it would say that the collector does not answer; the exporter says it once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    own = Resource(
        {"service.name": "ava", "service.instance.id": f"{socket.gethostname()}-{os.getpid()}"}
    )
    _provider = TracerProvider(
        resource=Resource.create().merge(own).merge(OTELResourceDetector().detect()),
        shutdown_on_exit=False,
    )
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("ava")


def stop() -> None:
    """Send what waits, within STOP_SECONDS, and open no more spans."""
    global _tracer, _provider
    provider, _provider, _tracer = _provider, None, NoOpTracer()
    if provider is not None:
        ending = threading.Thread(target=provider.shutdown, name="ava-spans", daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, Any],
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Context | None = None,
    cause: str = "",
    since: datetime | None = None,
) -> Iterator[Span]:
    """A span around the block, under the correlation ID in force. What it raises ends it as failed.

    Args:
        parent: by default the span under way.
        cause: traceparent of the span to link to.
        since: when it began, if that was before.
    """
    found = get_current_span(context_of(cause)).get_span_context()
    with _tracer.start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=clean({"ava.correlation_id": correlation.current(), **attributes}),
        links=[Link(found)] if found.is_valid else [],
        start_time=None if since is None else int(since.timestamp() * 1e9),
        # Messages and tracebacks of exceptions may hold anything.
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except BaseException as fault:
            fail(opened, _word_for(fault))
            raise


def _word_for(fault: BaseException) -> str:
    if isinstance(fault, Problem):
        return fault.code
    # What an attempt that failed says of itself.
    return getattr(fault, "cause", "") or type(fault).__name__


def fail(failed: Span, error: str) -> None:
    failed.set_status(StatusCode.ERROR)
    failed.set_attribute("error.type", redact(error))


def clean(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as the log would show them; those that are None are left out."""
    return {name: redact(value) for name, value in attributes.items() if value is not None}


def context_of(traceparent: str) -> Context:
    """The context in which what is named there is the span under way; a malformed one is none."""
    return _propagator.extract({TRACEPARENT: traceparent}, ROOT)


def traceparent() -> str:
    """The span under way, as W3C Trace Context writes it; empty where there is none."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT, "")
