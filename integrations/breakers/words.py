"""A breaker's state in words, for the admin and the command line."""

import math
from datetime import UTC, datetime

from integrations.breakers.queries import BreakerStatus


def sentence(status: BreakerStatus) -> str:
    """As in "open since 2026-01-05 09:00:00 UTC, next try in 12 s (3 failures in a row)"."""
    parts = [status.state.replace("_", "-")]
    if status.since:
        parts[0] += f" since {_time(status.since)}"
    if status.forced:
        parts.append(f"held until {_time(status.until)}" if status.until else "held until a reset")
    elif status.next_try is not None:
        wait = math.ceil(status.next_try)
        parts.append(f"next try in {wait} s" if wait else "tries with the next request")
    if status.for_one:
        parts.append("for one user only")
    told = f" ({status.reason})" if status.reason else ""
    alone = "; Redis is lost, so each worker goes on alone" if status.degraded else ""
    return ", ".join(parts) + told + alone


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
