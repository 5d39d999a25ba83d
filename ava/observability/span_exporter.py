"""Exporter of spans by OTLP over HTTP, which logs once that the collector fails, and its return."""

from collections.abc import Sequence
from typing import Any

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

log = structlog.get_logger("ava.tracing")


class Exporter(OTLPSpanExporter):
    """OpenTelemetry's own. It runs in a thread apart, and what it cannot send is lost."""

    _is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        has_failed = result is not SpanExportResult.SUCCESS
        if has_failed and not self._is_failing:
            log.warning("spans are lost: the collector does not take them", **self._place())
        elif self._is_failing and not has_failed:
            log.info("the collector takes spans again", **self._place())
        self._is_failing = has_failed
        return result

    def _place(self) -> dict[str, Any]:
        return {"collector": self._endpoint}
