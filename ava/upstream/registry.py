"""Which providers there are. Filled in `AppConfig.ready()`: this floor names none of them."""

import os
from collections.abc import Callable

import structlog
from prometheus_client import REGISTRY

from ava.upstream import metrics
from ava.upstream.breaker import Transition
from ava.upstream.circuit import Snapshot
from ava.upstream.control import Control, Guidance
from ava.upstream.door import Door
from ava.upstream.service import Policy, Service
from ava.upstream.works import Works

log = structlog.get_logger("ava.upstream")

_doors: dict[str, Door] = {}
_listeners: list[Callable[[Transition], None]] = []


def _on() -> bool:
    return True


def _uncontrolled(label: str) -> Control | None:
    return None


_switch: Callable[[], bool] = _on
_control: Callable[[str], Control | None] = _uncontrolled


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
    policy = policy or Policy()
    guidance = Guidance(switch=lambda: _switch(), control=lambda: _control(service.label))
    metrics.introduce(service.label)
    _doors[service.label] = Door(
        service,
        base_url=base_url,
        policy=policy,
        works=lambda: Works(service, policy, guidance=guidance, announce=_announce),
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
    """Every provider's breaker as it is now, to whomever it is open; reading changes nothing."""
    return [(door.service, door.works.breaker.snapshot()) for door in tuple(_doors.values())]


def attend() -> None:
    """Have every breaker do what is due, calls or no calls; one that cannot keeps no other."""
    for known in tuple(_doors.values()):
        try:
            known.works.breaker.attend()
        except Exception:
            log.exception("breaker not attended to", service=known.service.label)


def add_listener(listener: Callable[[Transition], None]) -> None:
    """Be told of each transition of each breaker: once, outside any lock, in the thread of the
    call that caused it. A listener that raises is logged and breaks nothing."""
    _listeners.append(listener)


def set_switch(switch: Callable[[], bool]) -> None:
    """Who says whether breakers are on; asked at each call."""
    global _switch
    _switch = switch


def set_control_source(control: Callable[[str], Control | None]) -> None:
    """Who knows what operators want of a breaker; asked at each call and each reading."""
    global _control
    _control = control


def forget() -> None:
    """Fresh breakers, pools, bulkheads and budgets; registrations, listeners and sources stay."""
    for known in _doors.values():
        known.renew()


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


def _snapshots_by_label() -> list[tuple[str, Snapshot]]:
    return [(service.label, snapshot) for service, snapshot in snapshots()]


REGISTRY.register(metrics.BreakerStates(_snapshots_by_label))
# Sockets, locks and threads do not survive a fork in a usable state.
os.register_at_fork(after_in_child=forget)
