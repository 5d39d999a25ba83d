"""Breaker states: as this process sees them, or as last recorded."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings

from ava import upstream
from ava.upstream import Door
from ava.upstream.circuit import Forced, State
from integrations import runtime_config
from integrations.breakers.models import BreakerControl, BreakerEvent


@dataclass(frozen=True)
class BreakerStatus:
    provider: str
    name: str
    state: State
    since: datetime | None = None  # when it came into this state, where that is recorded
    # Seconds until a request may pass, 0 for the next one; None while closed, and while it is held
    # open without an end.
    next_try: float | None = None
    forced: Forced = None  # by an operator
    until: datetime | None = None  # when the force ends by itself
    reason: str = ""  # of the last recorded change or override
    # Redis is lost. In the server: each worker's breaker goes on alone, and this is one of them.
    # Elsewhere: this is what was recorded last.
    degraded: bool = False
    for_one: bool = False  # closed to all but one user, whose requests alone have failed

    def __str__(self) -> str:
        """As in "open since 2026-01-05 09:00:00 UTC, next try in 12 s (3 failures in a row)"."""
        parts = [self.state.replace("_", "-")]
        if self.since:
            parts[0] += f" since {_time(self.since)}"
        if self.forced:
            parts.append(f"held until {_time(self.until) if self.until else 'a reset'}")
        elif self.next_try is not None:
            wait = math.ceil(self.next_try)
            parts.append(f"next try in {wait} s" if wait else "tries with the next request")
        if self.for_one:
            parts.append("for one user only")
        reason = f" ({self.reason})" if self.reason else ""
        alone = "; Redis is lost, so each worker goes on alone" if self.degraded else ""
        return ", ".join(parts) + reason + alone


def list_breakers(
    *, now: datetime, live: bool, providers: Collection[str] | None = None
) -> list[BreakerStatus]:
    """Breakers with their history.

    Args:
        live: in the server itself, which holds the breakers. Any other process looks at Redis, or
            goes by the last recorded change.
    """
    rows = {row.provider: row for row in BreakerControl.objects.all()}
    return [
        _status(door, rows.get(door.service.label), now, live)
        for door in upstream.doors()
        if providers is None or door.service.label in providers
    ]


def _status(door: Door, control: BreakerControl | None, now: datetime, live: bool) -> BreakerStatus:
    """The breaker's own state, with the recorded history where the two agree."""
    label, is_off = door.service.label, not runtime_config.is_on("CIRCUIT_BREAKER_ENABLED")
    event = None if is_off else BreakerEvent.objects.filter(provider=label).first()
    held = None if is_off or control is None else control.override(now)
    forced = held.forced if held and not held.is_over else None
    recorded = forced or (cast(State, event.to_state) if event else "closed")
    seen = door.breaker.snapshot() if live or settings.REDIS_URL else None
    degraded = seen is not None and seen.degraded
    if degraded and not live:
        seen = None
    state = seen.state if seen else recorded
    status = BreakerStatus(label, door.service.name, state, degraded=degraded)
    if seen and not (forced and state == recorded):
        one = seen.failing_tenant is not None
        status = replace(status, next_try=seen.retry_after, for_one=one)
    elif held and forced:
        status = replace(status, next_try=held.seconds if forced == "open" else None)
    elif event and state != "closed":
        tries_again = event.at + timedelta(seconds=settings.BREAKER_RECOVERY_SECONDS)
        wait = max(0.0, (tries_again - now).total_seconds()) if state == "open" else 0.0
        status = replace(status, next_try=wait)
    if state != recorded:
        return status
    since, reason = (event.at, event.reason) if event else (None, "switched off" if is_off else "")
    until = control.until if control and forced else None
    return replace(status, since=since, reason=reason, forced=forced, until=until)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
