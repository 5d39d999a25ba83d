"""An operator's orders to breakers: written here by any process, obeyed by the running workers.

An order and its event are one transaction. The breaker, once it obeys, also tells a transition,
as one that was ordered; `events.record` keeps no second row of it. Only workers
carry orders out, whether they share Redis or not: who makes a change counts it, and nobody reads
the counters of `manage.py`.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from ava import upstream
from ava.http import correlation
from integrations.breakers import controls, queries
from integrations.breakers.errors import ForceEndsInThePast, UnknownBreaker
from integrations.breakers.models import REASON_LENGTH, BreakerControl, BreakerEvent

Forced = BreakerControl.Forced


def force(
    forced: Forced,
    *,
    provider: str,
    reason: str,
    by: User | None,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Hold a breaker, until `until`, a reset or another order.

    Args:
        forced: open: nothing reaches the provider; closed: everything goes out, whatever comes
            back.
        reason: why, for colleagues; with the name of who orders it at most 200 characters.
        by: who orders it; None for the command line.
        until: aware; None holds without end.

    Raises:
        UnknownBreaker, ForceEndsInThePast: nothing was changed.
    """
    if until is not None and until <= now:
        raise ForceEndsInThePast
    _order(provider, forced, reason, by, now, until)


def reset(*, provider: str, reason: str, by: User | None, now: datetime) -> None:
    """End any force and let the breaker start afresh: closed, with no failures counted.

    Raises:
        UnknownBreaker: nothing was changed.
    """
    _order(provider, None, reason, by, now, None)


def worker_started(*, now: datetime) -> None:
    """Record that breakers begin closed, where the last event says something else.

    Without Redis there is one worker, and its breakers are gone with it. With Redis they go on as
    they were.
    """
    if settings.REDIS_URL:
        return
    for status in queries.list_breakers(now=now, live=False):
        if status.state != "closed" and not status.forced:
            BreakerEvent.objects.create(
                provider=status.provider,
                from_state=status.state,
                to_state="closed",
                reason="a worker started: breakers begin closed",
                correlation_id=correlation.current(),
                at=now,
            )


def ensure_controls(providers: Iterable[str] | None = None) -> None:
    """Have a row for each provider, so that the admin can list and select it."""
    labels = providers or [service.label for service in upstream.services()]
    BreakerControl.objects.bulk_create(
        [BreakerControl(provider=label) for label in labels], ignore_conflicts=True
    )


def require_known(provider: str) -> None:
    """Raises UnknownBreaker, which names the known ones, unless there is such a breaker."""
    known = [service.label for service in upstream.services()]
    if provider not in known:
        raise UnknownBreaker(provider, known)


def _order(
    provider: str,
    forced: Forced | None,
    reason: str,
    by: User | None,
    now: datetime,
    until: datetime | None,
) -> None:
    require_known(provider)
    said = _signed(reason, by)
    with transaction.atomic():
        ensure_controls([provider])
        control = BreakerControl.objects.select_for_update().get(provider=provider)
        before = queries.breaker(provider=provider, now=now, live=False)
        assert before is not None  # noqa: S101 - it is known
        control.forced = forced
        control.until = until
        control.reason = said
        control.by = by
        control.updated_at = now
        control.number = control.next_number(now)
        control.save()
        if forced or before.forced or before.state != "closed":
            BreakerEvent.objects.create(
                provider=provider,
                from_state=before.state,
                to_state=forced or "closed",
                reason=control.words,
                correlation_id=correlation.current(),
                at=now,
            )
    controls.expire()


def _signed(reason: str, by: User | None) -> str:
    who = by.get_username() if by else "the command line"
    if not reason.strip():
        return f"by {who}"[:REASON_LENGTH]
    mark = f" ({who})"
    return reason.strip()[: REASON_LENGTH - len(mark)] + mark
