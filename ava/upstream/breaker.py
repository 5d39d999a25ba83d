"""Circuit breaker of one provider, and its store in memory: admit, run outside any lock, record.

A `pybreaker.CircuitBreaker`: its `call`, `calling`, decorator, error and listeners of failures are
kept. Its engine is replaced, because pybreaker's `call` holds a lock while the protected call runs,
limits no probes and knows no generations (docs/adr/0001, 0012).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import pybreaker
import structlog

from ava import tenant
from ava.http import correlation
from ava.tenant import Tenant
from ava.upstream import circuit as circuits
from ava.upstream import metrics
from ava.upstream.circuit import (
    Change,
    Circuit,
    Event,
    OperatorOverride,
    Outcome,
    Refusal,
    Rules,
    State,
    Ticket,
)
from ava.upstream.errors import outcome_of

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

# A probe's lease outlives its deadline by so many seconds, for what surrounds the call.
LEASE_SLACK = 2.0

# Ticket of a breaker that is switched off.
_UNRECORDED = Ticket(generation=0)


class View(NamedTuple):
    circuit: Circuit
    now: float  # seconds on the store's clock
    degraded: bool = False  # this process' own circuit, because it cannot reach Redis


class Store(Protocol):
    """Store of one breaker's circuit. Each `Change` is returned once, to the caller who made it."""

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        """Apply an event, atomically. Returns its answer and what it changed."""

    def read(self) -> View:
        """Read, and change nothing."""


class MemoryStore:
    """A circuit behind a lock that is held for one event, never during a call."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, circuit: Circuit | None = None
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._circuit = circuit or Circuit()

    def apply(self, event: Event[T]) -> tuple[T, tuple[Change, ...]]:
        with self._lock:
            self._circuit, answer, changes = event(self._circuit, self._clock())
        return answer, changes

    def read(self) -> View:
        with self._lock:
            return View(self._circuit, self._clock())


@dataclass(frozen=True, slots=True)
class Snapshot:
    state: State
    failures: int = 0  # in a row
    retry_after: float | None = None  # seconds, 0 for the next call; None when closed
    degraded: bool = False  # seen by this process alone, because it cannot reach Redis
    failing_tenant: Tenant = None  # the one tenant that it is not closed to; None: the same for all

    def met_by(self, tenant: Tenant) -> "Snapshot":
        """State for this tenant: closed, where it is open to another tenant alone."""
        if self.failing_tenant is None or tenant == self.failing_tenant:
            return self
        return Snapshot("closed", degraded=self.degraded)


def snapshot_of(
    view: View,
    *,
    rules: Rules,
    tenant: Tenant = None,
    override: OperatorOverride | None = None,
) -> Snapshot:
    """State of a circuit once `override` is carried out, with the wait of this tenant."""
    now = view.now
    circuit = circuits.normalized(circuits.obey(view.circuit, now, override=override)[0], now)
    if circuit.state == "closed":
        return Snapshot("closed", circuit.failures, degraded=view.degraded)
    return Snapshot(
        circuit.state,
        circuit.failures,
        circuits.seconds_to_wait(circuit, rules, now, tenant),
        view.degraded,
        None if circuit.is_for_all(rules) else circuit.only,
    )


class Rejected(pybreaker.CircuitBreakerError):
    """The breaker let nothing through; a call may pass in so many seconds."""

    def __init__(self, service: str, refusal: Refusal) -> None:
        super().__init__(f"the breaker of {service} is {refusal.state}")
        self.retry_after = refusal.retry_after


@dataclass(frozen=True, slots=True)
class Transition:
    """A breaker's change of state, announced once to every listener."""

    service: str
    from_state: State
    to_state: State
    reason: str
    correlation_id: str
    at: datetime
    local: bool = False  # in this process alone, because Redis is lost


@dataclass
class Hooks:
    """Callbacks that the apps supply at start. Run at each call: cheap, and must not raise."""

    # False: everything passes, nothing is recorded. Turned on again, breakers start from closed.
    is_on: Callable[[], bool] = lambda: True
    override: Callable[[str], OperatorOverride | None] = lambda label: None
    # Called outside any lock, in the thread of the call that caused the transition.
    listeners: list[Callable[[Transition], None]] = field(default_factory=list)
    # Surrounds each attempt of an `Operation` with its span, where tracing is on.
    traced: Callable[[Any], AbstractContextManager[object]] = nullcontext


class Breaker(pybreaker.CircuitBreaker):
    def __init__(self, service: str, *, rules: Rules, store: Store, hooks: Hooks) -> None:
        self.service = service
        self.rules = rules
        self.store = store
        self._hooks = hooks
        self._is_off = False
        super().__init__(
            fail_max=rules.threshold,
            reset_timeout=rules.recovery,
            success_threshold=rules.successes,
            listeners=(metrics.BreakerFailures(),),
            name=service,
        )
        # Unused parts of pybreaker (state, manual control, coroutines) fail: they would be wrong.
        del self._state_storage, self._state

    def call(self, func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.calling():
            return func(*args, **kwargs)

    @contextmanager
    def calling(self, seconds: float = 10.0) -> Iterator[Ticket]:
        """Protect a block that ends within so many seconds, so long is a probe waited for.

        Raises: Rejected, and the block is not run.
        """
        if self._switched_off():
            yield _UNRECORDED
            return
        answer, changes = self.store.apply(
            partial(
                circuits.admit,
                rules=self.rules,
                lease=seconds + LEASE_SLACK,
                tenant=tenant.current(),
                override=self._hooks.override(self.service),
            )
        )
        if isinstance(answer, Refusal):
            self._announce(changes)
            raise Rejected(self.service, answer)
        try:
            # Inside: a listener that ends the process must not keep the lease either.
            self._announce(changes)
            yield answer
        except BaseException as exc:
            self._settle(answer, outcome_of(exc), exc)
            raise
        self._settle(answer, Outcome.SUCCESS)

    def _settle(self, ticket: Ticket, outcome: Outcome, exc: BaseException | None = None) -> None:
        event = partial(circuits.record, rules=self.rules, ticket=ticket, outcome=outcome)
        _, changes = self.store.apply(event)
        if exc is not None and outcome is Outcome.FAILURE:
            for listener in self._listeners:
                self._notify(partial(listener.failure, self), exc)
        self._announce(changes)

    def _switched_off(self) -> bool:
        """Whether it is off. The first to notice closes it, so that it starts from there."""
        was_off, self._is_off = self._is_off, not self._hooks.is_on()
        if self._is_off and not was_off:
            self._apply(partial(circuits.move, to="closed", reason="switched off"))
        return self._is_off

    def maintain(self) -> None:
        """Carry out, without a call, what is due: an override, a return to Redis."""
        if not self._switched_off():
            self._apply(partial(circuits.obey, override=self._hooks.override(self.service)))

    def snapshot(self) -> Snapshot:
        """State of the breaker now, an override not yet carried out included. Changes nothing."""
        if not self._hooks.is_on():
            return Snapshot("closed")
        override = self._hooks.override(self.service)
        view = self.store.read()
        return snapshot_of(view, rules=self.rules, tenant=tenant.current(), override=override)

    def _apply(self, event: Event[None]) -> None:
        self._announce(self.store.apply(event)[1])

    def _announce(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            alone = " (this worker alone: Redis is lost)" if change.local else ""
            about: dict[str, Any] = {
                "service": self.service,
                "from_state": change.from_state,
                "to_state": change.to_state,
                "reason": change.reason + alone,
            }
            now, request = datetime.now(UTC), correlation.current()
            transition = Transition(**about, correlation_id=request, at=now, local=change.local)
            log.warning("breaker changed", **about)
            if not change.local:
                metrics.count_change(self.service, change)
            for listener in tuple(self._hooks.listeners):
                self._notify(listener, transition)

    def _notify(self, listener: Callable[[Any], object], event: object) -> None:
        try:
            listener(event)
        except Exception:
            log.exception("breaker listener failed", service=self.service)
