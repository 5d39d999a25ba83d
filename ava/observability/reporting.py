"""Reporting to collectors outside, by each process that serves or works: spans and errors.

Nothing of OpenTelemetry or Sentry is imported where their variables are not set.
"""

import structlog
from django.conf import settings

log = structlog.get_logger("ava.reporting")


def start() -> None:
    """Send spans from here on. Called after the last fork: no thread survives one."""
    if not settings.TRACING:
        return
    from ava.observability import tracing
    from ava.observability.span_exporter import Exporter

    try:
        tracing.start(Exporter(endpoint=settings.TRACES_ENDPOINT))
    except Exception:  # One of OpenTelemetry's own variables holds what it cannot use.
        log.exception("nothing is traced")


def stop() -> None:
    """Send what waits, for a few seconds at most."""
    if settings.TRACING:
        from ava.observability import tracing

        tracing.stop()
    if settings.SENTRY_DSN:
        from ava.observability import sentry

        sentry.stop()
