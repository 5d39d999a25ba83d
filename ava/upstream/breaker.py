"""Circuit breaker of one provider: admit, run outside any lock, record.

A `pybreaker.CircuitBreaker`: its `call`, `calling`, decorator, error and listeners of failures are
kept. Its engine is replaced, because pybreaker's `call` holds a lock while the protected call runs,
limits no probes and knows no generations (docs/adr/0001, 0012).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import pybreaker
import structlog

from ava import tenant
from ava.http import correlation
from ava.upstream import states
from ava.upstream.circuit import (
    Change,
    Event,
    OperatorOverride,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Ticket,
)
from ava.upstream.store import MemoryStore, Store

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

# A probe's lease outlives its deadline by so many seconds, for what surrounds the call.
LEASE_SLACK = 2.0
DEFAULT_LEASE = 10.0 + LEASE_SLACK

_ALONE = "(this worker alone: Redis is lost)"

# What a breaker that is switched off hands out.
_UNRECORDED = Ticket(generation=0)


class Rejected(pybreaker.CircuitBreakerError):
    """The breaker let nothing through; the call was not made.

    Attributes:
        service: the provider's label.
        state: "open", or "half_open" while a probe is on its way.
        retry_after: seconds after which a call may pass.
    """

    def __init__(self, service: str, state: State, retry_after: float) -> None:
        super().__init__(f"the breaker of {service} is {state}")
        self.service = service
        self.state = state
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Transition:
    """A breaker's change of state, announced once to every listener.

    Attributes:
        local: in this process alone, because Redis is lost.
    """

    service: str
    from_state: State
    to_state: State
    reason: str
    correlation_id: str
    at: datetime
    local: bool = False


def every_exception_is_a_failure(exc: BaseException) -> Outcome:
    """As pybreaker has it; but a worker that exits, or a closed generator, says nothing."""
    return Outcome.FAILURE if isinstance(exc, Exception) else Outcome.NEUTRAL


class Breaker(pybreaker.CircuitBreaker):
    """One provider's breaker.

    Args:
        service: the provider's label.
        rules: when to open and close.
        store: where the state lives; this process by default.
        switch: False turns the breaker off: everything passes, nothing is recorded, it shows as
            closed. Turned on again, it starts from closed. Off beats any force.
        override: the operator's last one. This and the switch are asked at each call: they must be
            cheap and not raise.
        announce: called with each transition, outside any lock.
        classify: what an exception out of a protected call says about the provider.
        listeners: pybreaker listeners of failures. One that raises is logged and breaks no call.
    """

    def __init__(
        self,
        service: str,
        *,
        rules: Rules,
        store: Store | None = None,
        switch: Callable[[], bool] = lambda: True,
        override: Callable[[], OperatorOverride | None] = lambda: None,
        announce: Callable[[Transition], None] | None = None,
        classify: Callable[[BaseException], Outcome] = every_exception_is_a_failure,
        listeners: tuple[pybreaker.CircuitBreakerListener, ...] = (),
    ) -> None:
        self.service = service
        self.rules = rules
        self.store = store or MemoryStore()
        self._switch = switch
        self._override = override
        self._is_off = False
        self._announce = announce
        self._classify = classify
        super().__init__(
            fail_max=rules.threshold,
            reset_timeout=rules.recovery,
            success_threshold=rules.successes,
            listeners=listeners,
            name=service,
        )
        # What AVA does not use of pybreaker (its state, levers, coroutines) fails: it would lie.
        del self._state_storage, self._state

    def call(self, func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `func` if the breaker lets it.

        Raises:
            Rejected: it does not; `func` was not run.
        """
        with self.calling():
            return func(*args, **kwargs)

    @contextmanager
    def calling(self, lease: float = DEFAULT_LEASE) -> Iterator[Ticket]:
        """Protect a block. A probe's right to be the only one ends after `lease` seconds.

        Raises:
            Rejected: the breaker lets nothing through; the block was not run.
        """
        if self._switched_off():
            yield _UNRECORDED
            return
        answer, changes = self.store.apply(
            partial(
                states.admit,
                rules=self.rules,
                lease=lease,
                tenant=tenant.current(),
                override=self._override(),
            )
        )
        if isinstance(answer, Refusal):
            self._announce_all(changes)
            raise Rejected(self.service, answer.state, answer.retry_after)
        try:
            # Inside: a listener that ends the process must not keep the lease either.
            self._announce_all(changes)
            yield answer
        except BaseException as exc:
            self._settle(answer, self._classify(exc), exc)
            raise
        self._settle(answer, Outcome.SUCCESS)

    def _settle(self, ticket: Ticket, outcome: Outcome, exc: BaseException | None = None) -> None:
        _, changes = self.store.apply(
            partial(states.record, rules=self.rules, ticket=ticket, outcome=outcome)
        )
        if exc is not None and outcome is Outcome.FAILURE:
            for listener in self._listeners:
                try:
                    listener.failure(self, exc)
                except Exception:
                    log.exception("breaker listener failed", service=self.service)
        self._announce_all(changes)

    def _switched_off(self) -> bool:
        """Whether it is off. The first to notice closes it, so that it starts from there."""
        was_off, self._is_off = self._is_off, not self._switch()
        if self._is_off and not was_off:
            self._apply(partial(states.move, to="closed", reason="switched off"))
        return self._is_off

    def maintain(self) -> None:
        """Do without a call what is due: carry out an override, come back to Redis."""
        if not self._switched_off():
            self._apply(partial(states.obey, override=self._override()))

    def snapshot(self) -> Snapshot:
        """What the breaker looks like now, an override not yet carried out included.

        Reading changes nothing: not the state, not a counter. `met_by` gives what one tenant meets.
        """
        if not self._switch():
            return Snapshot("closed", 0, 0, None, 0)
        view = self.store.read()
        snapshot = states.look(
            view.circuit,
            view.now,
            rules=self.rules,
            tenant=tenant.current(),
            override=self._override(),
        )
        return replace(snapshot, degraded=view.degraded)

    def _apply(self, event: Event[None]) -> None:
        self._announce_all(self.store.apply(event)[1])

    def _announce_all(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            transition = Transition(
                service=self.service,
                from_state=change.from_state,
                to_state=change.to_state,
                reason=f"{change.reason} {_ALONE}" if change.local else change.reason,
                correlation_id=correlation.current(),
                at=datetime.now(UTC),
                local=change.local,
            )
            if self._announce is not None:
                self._announce(transition)
