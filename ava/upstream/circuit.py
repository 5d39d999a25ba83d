"""Circuit breaker values: the circuit, tickets, outcomes, overrides, snapshots. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, Literal, NamedTuple, TypeVar

T = TypeVar("T")

Tenant = str | None
State = Literal["closed", "half_open", "open"]
Forced = Literal["open", "closed"] | None

_RESET = "reset"
_FORCED = "forced"


class Outcome(Enum):
    """What an operation said about the provider's health."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


class Rules(NamedTuple):
    """When to open and close.

    Args:
        threshold: failures in a row that open a closed circuit.
        recovery: seconds an open circuit stays open, at least.
        successes: successes of one half-open period that close it.
    """

    threshold: int
    recovery: float
    successes: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """The whole state of one breaker. Times are seconds on the store's clock.

    Args:
        order: number of the last operator override that was obeyed.
        generation: grows with each change of state, to the time in microseconds at least; 0 until
            the first one.
        probe: number of the last probe.
        only: who failed first; or, where it is open for all, whose probe failed last.
        others: of the failures in a row, those of others than `only`.
    """

    state: State = "closed"
    forced: Forced = None
    forced_at: float = 0.0
    forced_for: float | None = None
    order: int = 0
    generation: int = 0
    failures: int = 0
    successes: int = 0
    opened_at: float = 0.0
    probe: int = 0
    leased_at: float = 0.0
    lease: float | None = None
    only: Tenant = None
    others: int = 0

    @property
    def is_idle(self) -> bool:
        """Closed, and not held by force."""
        return self.state == "closed" and self.forced is None

    def is_for_all(self, rules: Rules) -> bool:
        """Whether it holds for all tenants: more than one has failed."""
        return self.only is None or self.others >= rules.threshold

    def lets_by(self, rules: Rules, tenant: Tenant) -> bool:
        """Whether a tenant passes as a bystander of another tenant's outage."""
        return not (self.forced or self.is_for_all(rules) or tenant == self.only)


@dataclass(frozen=True, slots=True)
class OperatorOverride:
    """What an operator wants of a breaker from now on.

    Args:
        number: higher than that of every override before it, from 1 on.
        forced: hold it open or closed; None ends any force and starts afresh from closed.
        seconds: how long the force still holds; None until the next override.
        reason: why, for the transition's listeners.
    """

    number: int
    forced: Forced = None
    seconds: float | None = None
    reason: str = ""

    @property
    def description(self) -> str:
        """The reason of the transition that it causes."""
        what = f"{_FORCED} {self.forced}" if self.forced else _RESET
        return f"{what}: {self.reason}" if self.reason else what


def is_override(reason: str) -> bool:
    """Whether a transition with this reason is an operator's override taking effect."""
    return reason.startswith((_RESET, _FORCED))


class Ticket(NamedTuple):
    """Leave to call the provider, handed back with the outcome. A probe has a number."""

    generation: int
    probe: int | None = None
    tenant: Tenant = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No leave. `retry_after` is in seconds."""

    state: State
    retry_after: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, returned only to the caller who made it.

    Attributes:
        local: made by this process alone, because it cannot reach Redis.
    """

    from_state: State
    to_state: State
    reason: str
    local: bool = False


class Step(NamedTuple, Generic[T]):
    """Result of an event: the next circuit, the answer to the caller, and what changed."""

    circuit: Circuit
    answer: T
    changes: tuple[Change, ...]


Event = Callable[[Circuit, float], Step[T]]
"""What happens to a circuit at a time, by the store's clock. It may be asked more than once."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a breaker looks like now.

    Attributes:
        failures: failures in a row.
        successes: successes of this half-open period.
        retry_after: seconds until a call may pass, 0 when the next one does; None when closed.
        generation: grows with each change.
        degraded: seen by this process alone, because it cannot reach Redis.
        only: the one tenant that it is not closed to; None: it is the same for all.
    """

    state: State
    failures: int
    successes: int
    retry_after: float | None
    generation: int
    degraded: bool = False
    only: Tenant = None

    def met_by(self, tenant: Tenant) -> "Snapshot":
        """What this tenant meets: closed, where it is open to another tenant alone."""
        if self.only is None or tenant == self.only:
            return self
        return replace(self, state="closed", failures=0, successes=0, retry_after=None, only=None)
