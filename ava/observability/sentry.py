"""Sentry: what the log says at ERROR, redacted as the log is. Imported where SENTRY_DSN is set.

None of Sentry's integrations is used: they would add requests, users, queries and local variables.
"""

import logging
from typing import Any, Final

import sentry_sdk
from sentry_sdk.integrations.logging import EventHandler

from ava.http import correlation
from ava.observability.logs import redact

STOP_SECONDS: Final = 2.0


def start(dsn: str, *, environment: str, **options: Any) -> None:
    """Send errors from here on. A thread does it, from the first error of a process on.

    Args:
        options: of `sentry_sdk.init`, besides those set here.
    """
    sentry_sdk.init(
        dsn,
        environment=environment,
        before_send=_as_logged,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        **options,
    )
    logging.getLogger().addHandler(EventHandler(logging.ERROR))


def stop() -> None:
    """Send what waits, within STOP_SECONDS."""
    sentry_sdk.flush(STOP_SECONDS)


def _as_logged(event: Any, hint: dict[str, Any]) -> Any:
    """The event with what the line of the log says, and nothing else of the record."""
    record = hint["log_record"]
    # AVA's own lines are dicts by then, without secrets.
    said = dict(record.msg) if isinstance(record.msg, dict) else {"event": record.getMessage()}
    request = getattr(record, "request", None)
    found = said.pop("correlation_id", None) or getattr(request, "correlation_id", None)
    event["tags"] = {"correlation_id": found or correlation.current() or "none"}
    event["logentry"] = {"message": said.pop("event", "")}
    if traces := said.pop("exception", None):
        event["exception"] = {"values": [_exception(trace) for trace in reversed(traces)]}
    event["extra"] = said
    event.pop("breadcrumbs", None)
    return redact(event)


def _exception(trace: dict[str, Any]) -> dict[str, Any]:
    """An exception that is a part of a line already (`ava.observability.logs`)."""
    frames = [
        {"filename": frame["filename"], "lineno": frame["lineno"], "function": frame["name"]}
        for frame in trace["frames"]
    ]
    return {
        "type": trace["exc_type"],
        "value": trace["exc_value"],
        "stacktrace": {"frames": frames},
    }
