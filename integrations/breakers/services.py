"""Operator overrides of breakers: written by any process, carried out by the running workers.

An override and its event are written in one transaction. When a breaker carries it out, it reports
a transition as well; `events.record` keeps no second row of that. Only workers carry overrides out,
with Redis or without: the counters of `manage.py` are read by no Prometheus.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from ava import upstream
from ava.http import correlation
from integrations.breakers import queries
from integrations.breakers.errors import ForceEndsInThePast, UnknownBreaker
from integrations.breakers.models import REASON_LENGTH, BreakerControl, BreakerEvent

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
    """Hold a breaker open or closed, or reset it.

    Args:
        forced: open: nothing reaches the provider; closed: everything goes out, whatever comes
            back; None: end any force and start afresh, closed, with no failures counted.
        reason: why, for colleagues; with the operator's name at most 200 characters.
        by: the operator; None for the command line.
        until: aware; None holds until a reset or another override.

    Raises:
        UnknownBreaker, ForceEndsInThePast: nothing was changed.
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
        control.number = control.next_number(now)
        control.save()
        if forced or before.forced or before.state != "closed":
            _record(before, forced or "closed", control.override(now).description, now)


def worker_started(*, now: datetime) -> None:
    """Record that breakers begin closed, where the last event says something else.

    Without Redis there is one worker, and its breakers are gone with it. With Redis they go on as
    they were.
    """
    if settings.REDIS_URL:
        return
    for status in queries.list_breakers(now=now, live=False):
        if status.state != "closed" and not status.forced:
            _record(status, "closed", "a worker started: breakers begin closed", now)


def ensure_controls() -> None:
    """Create the row of each provider that has none, so that the admin can list and select it."""
    BreakerControl.objects.bulk_create(
        [BreakerControl(provider=door.service.label) for door in upstream.doors()],
        ignore_conflicts=True,
    )


def require_known(provider: str) -> None:
    """Raises UnknownBreaker, which names the known ones, unless there is such a breaker."""
    known = [door.service.label for door in upstream.doors()]
    if provider not in known:
        raise UnknownBreaker(provider, known)


def _record(before: queries.BreakerStatus, state: str, reason: str, now: datetime) -> None:
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
