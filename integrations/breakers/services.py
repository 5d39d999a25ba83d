"""An operator's orders to breakers: written here by any process, obeyed by the running server.

An order and its event are one transaction. The server's breaker, once it obeys, also tells a
transition, in the words of the order; `events.record` knows it by them and keeps no second row.
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ava import correlation, upstream
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
        control.forced = forced
        control.until = until
        control.reason = said
        control.by = by
        control.updated_at = now
        control.reset_count += forced is None
        control.save()
        BreakerEvent.objects.create(
            provider=provider,
            from_state=before.state if before else "closed",
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
