"""Recorder of activity: what happens for a user waits here until `ava.activity` writes it.

Nothing is written while somebody waits for an answer. A process that is killed loses the entries
of its last moments; rows of calls, mails and the like are not among them.
"""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter

from ava import tenant
from ava.http import correlation

MOST: Final = 5000
"""Entries that wait in one process; then the oldest go."""

DROPPED = Counter("ava_activity_dropped", "Entries of the activity log that were not kept.")

waiting: deque["Entry"] = deque()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: in a list of activity, and in the story of a correlation ID."""

    owner_id: int | None  # None: no single user's
    correlation_id: str
    at: datetime
    kind: str
    summary: str
    status: str = ""
    failed: bool = False
    duration_ms: float | None = None
    link: str = ""  # of the resource, in the API


def record(
    kind: str,
    summary: str,
    *,
    status: object,
    failed: bool,
    at: datetime | None = None,
    duration_ms: float | None = None,
    link: str = "",
    owner_id: int | None = None,
    correlation_id: str = "",
) -> None:
    """Keep an entry for the tenant of the work under way; AVA's own work leaves none."""
    mine = tenant.current() if owner_id is None else owner_id
    if mine is None or not str(mine).isdecimal():
        return
    if len(waiting) >= MOST:
        waiting.popleft()
        DROPPED.inc()
    waiting.append(
        Entry(
            owner_id=int(mine),
            correlation_id=correlation_id or correlation.current(),
            at=at or datetime.now(UTC),
            kind=kind,
            summary=summary,
            status=str(status),
            failed=failed,
            duration_ms=duration_ms,
            link=link,
        )
    )


def attempted(about: str, **facts: Any) -> None:
    """Record an attempt at a provider, or that it was not asked."""
    record("attempt", about, **facts)


def answered(
    request: HttpRequest,
    response: HttpResponseBase,
    *,
    owner_id: int,
    at: datetime,
    duration_ms: float,
) -> None:
    """Record a request that changed something, asked a provider, or failed."""
    problem = getattr(response, "problem", None)
    if problem is not None and problem.code == "rate_limited":
        return  # A client can cause any number of these.
    status = response.status_code
    body = getattr(response, "data", None)
    detail = body.get("detail") if status >= 400 and isinstance(body, dict) else None
    record(
        "request",
        f"{request.method} {_path(request)}" + (f": {detail}" if detail else ""),
        status=status,
        failed=status >= 400,
        at=at,
        duration_ms=duration_ms,
        owner_id=owner_id,
    )


def _path(request: HttpRequest) -> str:
    """The path; its pattern where it holds a phone number or an address."""
    match, path = request.resolver_match, request.path_info
    return f"/{match.route}" if match and ("@" in path or "+" in path) else path
