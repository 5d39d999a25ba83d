"""Requests and attempts in the activity. Of requests those that changed something, asked a provider
or failed."""

from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from ava.http import correlation
from ava.observability.recorder import record

ASKED: Final[ContextVar[str]] = ContextVar("provider_asked_under", default="")
"""Correlation ID under which this thread last asked a provider."""

_READS = ("GET", "HEAD", "OPTIONS")


def answered(
    request: HttpRequest, response: HttpResponseBase, *, owner_id: int, duration_ms: float
) -> None:
    """Record a request that a user made. Reads from a copy leave no row."""
    status = response.status_code
    has_asked = ASKED.get() == correlation.current()
    if request.method in _READS and status < 400 and not has_asked:
        return
    if getattr(response, "problem_code", None) == "rate_limited":
        return  # as many as somebody likes
    body = getattr(response, "data", None)
    detail = body.get("detail") if status >= 400 and isinstance(body, dict) else None
    record(
        "request",
        f"{request.method} {_path(request)}" + (f": {detail}" if detail else ""),
        status=status,
        failed=status >= 400,
        at=timezone.now() - timedelta(milliseconds=duration_ms),
        duration_ms=duration_ms,
        owner_id=owner_id,
    )


def asked(about: str, **facts: Any) -> None:
    """Record an attempt at a provider, or that it was not asked."""
    ASKED.set(correlation.current())
    record("attempt", about, **facts)


def _path(request: HttpRequest) -> str:
    """The path; the pattern where it holds a phone number or an address."""
    match, path = request.resolver_match, request.path_info
    return f"/{match.route}" if match and ("@" in path or "+" in path) else path
