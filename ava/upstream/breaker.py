"""The circuit breaker: admit, run outside any lock, record.

A `pybreaker.CircuitBreaker` to whoever holds one: its listeners, properties, decorator and error
work. Its engine is replaced, because pybreaker's `call` holds a lock while the protected call
runs, limits no probes and knows no generations (docs/adr/0001).
"""

import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import pybreaker
import structlog

from ava import tenant
from ava.http import correlation
from ava.upstream.circuit import Change, Outcome, Refusal, Rules, Snapshot, State, Ticket
from ava.upstream.control import Guidance
from ava.upstream.memory import MemoryStore
from ava.upstream.store import Store

T = TypeVar("T")

log = structlog.get_logger("ava.upstream")

# A probe's lease outlives its deadline by so many seconds, for what surrounds the call.
LEASE_SLACK = 2.0
DEFAULT_LEASE = 10.0 + LEASE_SLACK

_ALONE = "(this worker alone: Redis is lost)"

# What a breaker that is switched off hands out.
_UNRECORDED = Ticket(generation=0)

_PYBREAKER_NAMES: dict[State, str] = {
    "closed": pybreaker.STATE_CLOSED,
    "half_open": pybreaker.STATE_HALF_OPEN,
    "open": pybreaker.STATE_OPEN,
}


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
    """A breaker changed its state: told once per real change, to every listener.

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


class Breaker(pybreaker.CircuitBreaker):
    """One provider's breaker.

    Args:
        service: the provider's label.
        rules: when to open and close.
        store: where the state lives; this process by default.
        guidance: what operators want of it: on or off, forced, reset.
        announce: told each transition, outside any lock.
        classify: what an exception out of a protected call says about the provider. By default
            every `Exception` is a failure unless excluded, as pybreaker has it, and whatever is
            not an `Exception` (a worker told to exit, a closed generator) is neutral.
        listeners: pybreaker listeners. One that raises is logged and breaks no call.
        exclude: exceptions that are no failures, as pybreaker has it.
    """

    def __init__(
        self,
        service: str,
        *,
        rules: Rules,
        store: Store | None = None,
        guidance: Guidance | None = None,
        announce: Callable[[Transition], None] | None = None,
        classify: Callable[[BaseException], Outcome] | None = None,
        listeners: tuple[pybreaker.CircuitBreakerListener, ...] = (),
        exclude: tuple[Any, ...] = (),
    ) -> None:
        self.service = service
        self.store = store or MemoryStore()
        self._guidance = guidance or Guidance()
        self._obeyed = 0
        self._is_off = False
        self._announce = announce
        self._classify = classify or self._as_pybreaker_would
        # pybreaker's constructor asks for the state before it keeps these itself.
        self._fail_max = rules.threshold
        self._reset_timeout = rules.recovery
        self._success_threshold = rules.successes
        super().__init__(
            fail_max=rules.threshold,
            reset_timeout=rules.recovery,
            success_threshold=rules.successes,
            exclude=exclude,
            listeners=listeners,
            name=service,
            throw_new_error_on_trip=False,
        )

    @property
    def rules(self) -> Rules:
        return Rules(self._fail_max, self._reset_timeout, self._success_threshold)

    def call(self, func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `func` if the breaker lets it.

        Raises:
            Rejected: it does not; `func` was not run.
        """
        if inspect.isgeneratorfunction(func):
            return cast(T, self._generate(func, *args, **kwargs))
        with self._protect(DEFAULT_LEASE, func, *args, **kwargs):
            return func(*args, **kwargs)

    def _generate(self, func: Any, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        # A generator's work is done while it is read, so that is what is protected.
        with self._protect(DEFAULT_LEASE, func, *args, **kwargs):
            return (yield from func(*args, **kwargs))

    @contextmanager
    def calling(self, lease: float = DEFAULT_LEASE) -> Iterator[Ticket]:
        """Protect a block. A probe's right to be the only one ends after `lease` seconds.

        Raises:
            Rejected: the breaker lets nothing through; the block was not run.
        """
        with self._protect(lease, self.calling) as ticket:
            yield ticket

    def call_async(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("AVA runs in threads; tornado's coroutines are not protected")

    @contextmanager
    def _protect(
        self, lease: float, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Iterator[Ticket]:
        if self._switched_off():
            yield _UNRECORDED
            return
        self._obey()
        answer, change = self.store.admit(self.rules, lease, tenant.current())
        if isinstance(answer, Refusal):
            self._tell_change(change)
            raise Rejected(self.service, answer.state, answer.retry_after)
        try:
            # Inside: a listener that ends the process must not keep the lease either.
            self._tell_change(change)
            self._tell("before_call", func, *args, **kwargs)
            yield answer
        except BaseException as exc:
            self._settle(answer, self._classify(exc), exc)
            raise
        self._settle(answer, Outcome.SUCCESS, None)

    def _settle(self, ticket: Ticket, outcome: Outcome, exc: BaseException | None) -> None:
        change = self.store.record(self.rules, ticket, outcome)
        if outcome is Outcome.FAILURE:
            self._tell("failure", exc)
        elif outcome is Outcome.SUCCESS:
            self._tell("success")
        self._tell_change(change)

    def _switched_off(self) -> bool:
        """Whether it is off. Whoever notices first closes it, so that it starts from there."""
        was_off, self._is_off = self._is_off, not self._guidance.is_on()
        if self._is_off and not was_off:
            self._tell_change(self.store.move(self.rules, "closed", "switched off"))
        return self._is_off

    def _obey(self) -> None:
        """Carry out a new order. The store refuses those that are not new to it."""
        order = self._guidance.order(after=self._obeyed)
        if order is not None:
            self._tell_change(self.store.obey(self.rules, order))
            self._obeyed = order.number

    def attend(self) -> None:
        """Do without a call what is due: carry out a new order, come back to Redis."""
        if self._switched_off():
            return
        self._obey()
        self._tell_change(self.store.catch_up(self.rules))

    def snapshot(self) -> Snapshot:
        """What the breaker looks like now, an order not yet carried out included.

        Reading changes nothing: not the state, not a counter. `met_by` tells what one tenant meets.
        """
        if not self._guidance.is_on():
            return Snapshot("closed", 0, 0, None, 0)
        order = self._guidance.order(after=self._obeyed)
        return self.store.snapshot(self.rules, order, tenant.current())

    # What pybreaker promises, told from the store.

    @property
    def current_state(self) -> str:
        return _PYBREAKER_NAMES[self.snapshot().state]

    @property
    def fail_counter(self) -> int:
        return self.snapshot().failures

    @property
    def success_counter(self) -> int:
        return self.snapshot().successes

    @property
    def state(self) -> Any:
        """The state as an object with a `name`; to set it is to open or close by hand."""
        return pybreaker.CircuitBreakerState(self, self.current_state)

    @state.setter
    def state(self, state_str: str) -> None:
        to = {name: state for state, name in _PYBREAKER_NAMES.items()}[state_str]
        self._tell_change(self.store.move(self.rules, to, "set by hand"))

    def open(self) -> bool:
        """Open it now; a probe follows after the recovery time."""
        self._tell_change(self.store.move(self.rules, "open", "opened by hand"))
        return False

    def half_open(self) -> None:
        """Let the next call through as a probe."""
        self._tell_change(self.store.move(self.rules, "half_open", "half-opened by hand"))

    def close(self) -> None:
        """Close it now and forget all failures."""
        self._tell_change(self.store.move(self.rules, "closed", "closed by hand"))

    def is_system_error(self, exception: BaseException) -> bool:
        # pybreaker takes an exception class with a metaclass for a predicate, which then
        # excludes everything.
        return not any(
            isinstance(exception, rule) if isinstance(rule, type) else rule(exception)
            for rule in self._excluded_exceptions
        )

    def _as_pybreaker_would(self, exc: BaseException) -> Outcome:
        if not isinstance(exc, Exception):
            return Outcome.NEUTRAL
        return Outcome.FAILURE if self.is_system_error(exc) else Outcome.SUCCESS

    def _tell_change(self, change: Change | None) -> None:
        if change is None:
            return
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
        old, new = (
            pybreaker.CircuitBreakerState(self, _PYBREAKER_NAMES[state])
            for state in (change.from_state, change.to_state)
        )
        self._tell("state_change", old, new)

    def _tell(self, event: str, *args: Any, **kwargs: Any) -> None:
        for listener in self._listeners:
            try:
                getattr(listener, event)(self, *args, **kwargs)
            except Exception:
                log.exception("breaker listener failed", service=self.service, told=event)
