"""Breaker events, and operator overrides: written by any process, carried out by running workers.

An override and its event are written in one transaction, so `record` keeps no second row of the
transition. `manage.py` carries none out: its counters are read by no Prometheus.
"""

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from ava import upstream
from ava.http import correlation
from ava.upstream import Transition, is_override
from integrations.breakers import queries
from integrations.breakers.models import REASON_LENGTH, BreakerControl, BreakerEvent
from integrations.errors import ForceEndsInThePast, UnknownBreaker

log = structlog.get_logger("integrations.breakers")

Forced = BreakerControl.Forced


def override(
    forced: Forced | None,
    *,
    provider: str,
    reason: str,
    by: User | None,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Hold a breaker open or closed, or reset it (None). Without `until` a reset ends it.

    Raises: UnknownBreaker, ForceEndsInThePast.
    """
    if until is not None and until <= now:
        raise ForceEndsInThePast
    require_known(provider)
    with transaction.atomic():
        rows = BreakerControl.objects.select_for_update()
        control, _ = rows.get_or_create(provider=provider)
        (before,) = queries.list_breakers(now=now, live=False, providers=[provider])
        control.forced = forced
        control.until = until
        control.reason = _signed(reason, by)
        control.by = by
        control.updated_at = now
        # The time, as Redis remembers the last number that was carried out: it must grow in a
        # database, too, that is new or comes from a backup.
        control.number = max(control.number + 1, int(now.timestamp() * 1000))
        control.save()
        if forced or before.forced or before.state != "closed":
            _store(before, forced or "closed", control.override(now).description, now)


def record(transition: Transition) -> None:
    """Store a transition, except one that carries out an override. Never raises.

    At once, in the thread of the request that caused it, in a savepoint of its own: rows appear in
    the order of the changes, and a database in trouble costs the row, never the call.
    """
    if is_override(transition.reason):
        return
    fields: dict[str, Any] = {
        "provider": transition.service,
        "from_state": transition.from_state,
        "to_state": transition.to_state,
        "reason": transition.reason[:400],
    }
    try:
        with transaction.atomic():
            BreakerEvent.objects.create(
                **fields, correlation_id=transition.correlation_id, at=transition.at
            )
    except Exception:  # Whatever the database has, the call that changed the state must go on.
        log.exception("breaker event not stored", **fields)


def worker_started(*, now: datetime) -> None:
    """Record that breakers begin closed: without Redis they were gone with the worker before."""
    if settings.REDIS_URL:
        return
    for status in queries.list_breakers(now=now, live=False):
        if status.state != "closed" and not status.forced:
            _store(status, "closed", "a worker started: breakers begin closed", now)


def ensure_controls() -> None:
    """Create the row of each provider that has none, so that the admin can list and select it."""
    BreakerControl.objects.bulk_create(
        [BreakerControl(provider=door.service.label) for door in upstream.doors()],
        ignore_conflicts=True,
    )


def require_known(provider: str) -> None:
    known = [door.service.label for door in upstream.doors()]
    if provider not in known:
        raise UnknownBreaker(provider, known)


def _store(before: queries.BreakerStatus, state: str, reason: str, now: datetime) -> None:
    BreakerEvent.objects.create(
        provider=before.provider,
        from_state=before.state,
        to_state=state,
        reason=reason,
        correlation_id=correlation.current(),
        at=now,
    )


def _signed(reason: str, by: User | None) -> str:
    who = by.get_username() if by else "the command line"
    if not reason.strip():
        return f"by {who}"[:REASON_LENGTH]
    mark = f" ({who})"
    return reason.strip()[: REASON_LENGTH - len(mark)] + mark
