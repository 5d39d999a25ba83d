"""What the breakers look like: as they are, where this process can see that, or as recorded.

The server's workers hold the breakers, and with Redis every process can look at the fleet's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth.models import User

from ava import tenant, upstream
from ava.upstream import Service, Snapshot
from ava.upstream.circuit import State
from integrations.breakers.models import BreakerControl, BreakerEvent
from integrations.flags import services as flags


@dataclass(frozen=True)
class BreakerStatus:
    """One breaker.

    Args:
        since: when it came into this state, where that is recorded.
        next_try: seconds until a request may pass, 0 for the next one; None while closed, and
            while it is held open without an end.
        forced: held "open" or "closed" by an operator.
        until: when the force ends by itself.
        reason: of the last recorded change or order.
        degraded: Redis is lost. In the server: each worker's breaker goes on alone, and this is
            one of them. Elsewhere: this is what was recorded last.
        for_one: it is closed to everybody but one user, whose requests alone have failed.
    """

    provider: str
    name: str
    state: State
    since: datetime | None = None
    next_try: float | None = None
    forced: str | None = None
    until: datetime | None = None
    reason: str = ""
    degraded: bool = False
    for_one: bool = False


def list_breakers(*, now: datetime, live: bool, met_by: User | None = None) -> list[BreakerStatus]:
    """Every breaker.

    Args:
        live: True in the server itself, which holds the breakers; False in any other process,
            which looks at Redis, or without it goes by the last recorded change.
        met_by: as this user's requests meet them; None: as they are, to whomever they are open.
    """
    return _among([service.label for service in upstream.services()], now, live, met_by)


def breaker(*, provider: str, now: datetime, live: bool) -> BreakerStatus | None:
    """One breaker, as `list_breakers` has it; None when there is none of this name."""
    return next(iter(_among([provider], now, live)), None)


def is_held(control: BreakerControl, now: datetime) -> bool:
    """Whether a force is in effect now."""
    return bool(control.forced) and (control.until is None or now < control.until)


def _among(
    providers: Sequence[str], now: datetime, live: bool, met_by: User | None = None
) -> list[BreakerStatus]:
    controls = BreakerControl.objects.in_bulk(providers, field_name="provider")
    recorded = {
        service.label: _recorded(service, controls.get(service.label), now)
        for service in upstream.services()
        if service.label in providers
    }
    if not live and not settings.REDIS_URL:
        return list(recorded.values())
    return [
        _seen(
            snapshot.met_by(tenant.of(met_by)) if met_by else snapshot,
            recorded[service.label],
            live,
        )
        for service, snapshot in upstream.snapshots()
        if service.label in recorded
    ]


def _recorded(service: Service, control: BreakerControl | None, now: datetime) -> BreakerStatus:
    if not flags.is_on("CIRCUIT_BREAKER_ENABLED"):
        return BreakerStatus(service.label, service.name, "closed", reason="switched off")
    event = BreakerEvent.objects.filter(provider=service.label).first()
    status = BreakerStatus(service.label, service.name, "closed")
    if event:
        state = cast(State, event.to_state)
        tries_again = event.at + timedelta(seconds=settings.BREAKER_RECOVERY_SECONDS)
        wait = max(0.0, (tries_again - now).total_seconds()) if state == "open" else 0.0
        status = replace(
            status,
            state=state,
            since=event.at,
            next_try=None if state == "closed" else wait,
            reason=event.reason,
        )
    if control and is_held(control, now):
        left = (control.until - now).total_seconds() if control.until else None
        status = replace(
            status,
            state=cast(State, control.forced),
            next_try=left if control.forced == BreakerControl.Forced.OPEN else None,
            forced=control.forced,
            until=control.until,
        )
    return status


def _seen(snapshot: Snapshot, recorded: BreakerStatus, live: bool) -> BreakerStatus:
    """What the breaker itself says, and what is recorded besides where the two agree."""
    if snapshot.degraded and not live:
        return replace(recorded, degraded=True)
    if snapshot.state != recorded.state:
        recorded = BreakerStatus(recorded.provider, recorded.name, snapshot.state)
    elif recorded.forced:
        return replace(recorded, degraded=snapshot.degraded)
    return replace(
        recorded,
        next_try=snapshot.retry_after,
        degraded=snapshot.degraded,
        for_one=snapshot.only is not None,
    )
