"""Registry of providers. Filled in `AppConfig.ready()`: this floor names none of them."""

import os
from collections.abc import Callable

import structlog
from django.conf import settings
from prometheus_client import REGISTRY

from ava.upstream import metrics
from ava.upstream.breaker import Breaker, Transition
from ava.upstream.circuit import OperatorOverride, Rules, Snapshot
from ava.upstream.door import Door
from ava.upstream.errors import outcome_of
from ava.upstream.service import Policy, Service
from ava.upstream.shared import store_for

log = structlog.get_logger("ava.upstream")

_doors: dict[str, Door] = {}
_listeners: list[Callable[[Transition], None]] = []


_switch: Callable[[], bool] = lambda: True  # noqa: E731 - replaced by set_switch
_override: Callable[[str], OperatorOverride | None] = lambda label: None  # noqa: E731 - same


def register(
    service: Service, *, base_url: Callable[[], str], policy: Policy | None = None
) -> None:
    """Open a door to a provider.

    Args:
        base_url: asked at each call.
        policy: its limits; the defaults when left out.

    Raises:
        ValueError: the label is taken.
    """
    if service.label in _doors:
        raise ValueError(f"{service.label} is registered already")
    metrics.introduce(service.label)
    _doors[service.label] = Door(
        service,
        base_url=base_url,
        policy=policy or Policy(),
        make_breaker=lambda: _breaker(service.label),
    )


def door(label: str) -> Door:
    """The door to a provider.

    Raises:
        KeyError: no provider has this label.
    """
    return _doors[label]


def services() -> tuple[Service, ...]:
    """Every provider, in the order of registration."""
    return tuple(door.service for door in _doors.values())


def snapshots() -> list[tuple[Service, Snapshot]]:
    """Every provider's breaker as it is now, for all tenants; reading changes nothing."""
    return [(door.service, door.parts.breaker.snapshot()) for door in tuple(_doors.values())]


def maintain() -> None:
    """Have every breaker do what is due, calls or no calls; one that fails stops no other."""
    for known in tuple(_doors.values()):
        try:
            known.parts.breaker.maintain()
        except Exception:
            log.exception("breaker maintenance failed", service=known.service.label)


def sample() -> None:
    """Set this process' gauges of bulkheads and retry budgets."""
    for known in tuple(_doors.values()):
        label, parts = known.service.label, known.parts
        metrics.IN_USE.labels(label).set(parts.bulkhead.in_use)
        metrics.SIZE.labels(label).set(parts.bulkhead.size)
        metrics.TOKENS.labels(label).set(parts.budget.left())


def add_listener(listener: Callable[[Transition], None]) -> None:
    """Have each transition of each breaker announced: once, outside any lock, in the thread of the
    call that caused it. A listener that raises is logged and breaks nothing."""
    _listeners.append(listener)


def set_switch(switch: Callable[[], bool]) -> None:
    """Source of whether breakers are on; asked at each call, must not raise."""
    global _switch
    _switch = switch


def set_override_source(override: Callable[[str], OperatorOverride | None]) -> None:
    """Source of operators' overrides; asked at each call and each reading, must not raise."""
    global _override
    _override = override


def forget() -> None:
    """Fresh breakers, pools, bulkheads and budgets; registrations, listeners and sources stay."""
    for known in _doors.values():
        known.renew()


def _breaker(label: str) -> Breaker:
    return Breaker(
        label,
        rules=Rules(
            threshold=settings.BREAKER_THRESHOLD,
            recovery=settings.BREAKER_RECOVERY_SECONDS,
            successes=settings.BREAKER_SUCCESS_THRESHOLD,
        ),
        store=store_for(label),
        switch=lambda: _switch(),
        override=lambda: _override(label),
        announce=_announce,
        classify=outcome_of,
        listeners=(metrics.BreakerFailures(),),
    )


def _announce(transition: Transition) -> None:
    log.warning(
        "breaker changed",
        service=transition.service,
        from_state=transition.from_state,
        to_state=transition.to_state,
        reason=transition.reason,
    )
    if not transition.local:
        metrics.count_change(transition.service, transition.from_state, transition.to_state)
    for listener in tuple(_listeners):
        try:
            listener(transition)
        except Exception:
            log.exception("breaker listener failed", service=transition.service)


REGISTRY.register(metrics.BreakerStates(snapshots))
# Sockets, locks and threads do not survive a fork in a usable state.
os.register_at_fork(after_in_child=forget)
