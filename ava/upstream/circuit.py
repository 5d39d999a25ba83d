"""Circuit breaker state machine, pure: no clock, no lock, no input or output.

Each event takes a `Circuit` and the time and returns the next `Circuit`, an answer to the caller
and what has changed. Stores keep the circuit and make these steps atomic (docs/adr/0005, 0012).

- closed: everything passes; failures in a row are counted.
- open: nothing passes until the recovery time is over. The next caller becomes the probe.
- half_open: one probe at a time, held by a lease; all others are refused. Enough successes close
  the circuit, one failure opens it again.

Every change of state begins a new generation. Outcomes of an older one, and of a probe whose lease
another call has taken over, are ignored.

Where all failures in a row are one tenant's, they open the circuit to it alone (`only`). The others
are unaffected and pass, until failures of theirs in a row open it for all. While it is open for
all, the tenant whose probe failed last waits twice as long: its own outage must not keep it open.

Clocks go back. What began later than now is taken to begin now.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal, NamedTuple, TypeVar

from ava.tenant import Tenant

T = TypeVar("T")

State = Literal["closed", "half_open", "open"]
Forced = Literal["open", "closed"] | None

# A probe answers within moments, or its lease runs out: ask again soon, not after the lease.
PROBE_RETRY_AFTER = 1.0


class Outcome(Enum):
    """Outcome of an operation, as evidence of the provider's health."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


class Rules(NamedTuple):
    threshold: int  # failures in a row that open a closed circuit
    recovery: float  # seconds that an open circuit stays open, at least
    successes: int  # in one half-open period, that close it


@dataclass(frozen=True, slots=True)
class Circuit:
    """The whole state of one breaker. Times are seconds on the store's clock."""

    state: State = "closed"
    forced: Forced = None
    forced_at: float = 0.0
    forced_for: float | None = None
    order: int = 0  # number of the last operator override that was obeyed
    generation: int = 0  # at least the time in microseconds at which it began
    failures: int = 0
    successes: int = 0
    opened_at: float = 0.0
    probe: int = 0  # number of the last one
    leased_at: float = 0.0
    lease: float | None = None
    only: Tenant = None  # who failed first; where it is open for all, whose probe failed last
    others: int = 0  # of the failures in a row, those of others than `only`
    left_closed_at: float | None = None  # None also after a release that did not keep it

    def is_for_all(self, rules: Rules) -> bool:
        """Whether it holds for all tenants: more than one has failed."""
        return self.only is None or self.others >= rules.threshold

    def is_unaffected(self, rules: Rules, tenant: Tenant) -> bool:
        """Whether a tenant passes, because the circuit is open to another one alone."""
        return not (self.forced or self.is_for_all(rules) or tenant == self.only)


@dataclass(frozen=True, slots=True)
class OperatorOverride:
    """Operator's override of a breaker: hold it open or closed, or reset it."""

    number: int  # higher than that of every override before it, from 1 on
    forced: Forced = None  # hold it open or closed; None ends any force and starts from closed
    seconds: float | None = None  # that the force still holds; None until the next override
    reason: str = ""

    @property
    def is_over(self) -> bool:
        return self.seconds is not None and self.seconds <= 0

    @property
    def description(self) -> str:
        what = f"forced {self.forced}" if self.forced else "reset"
        return f"{what}: {self.reason}" if self.reason else what


def is_override(reason: str) -> bool:
    """Whether a transition with this reason is an operator's override taking effect."""
    return reason.startswith(("reset", "forced"))


class Ticket(NamedTuple):
    """Permission to call the provider, returned with the outcome. A probe has a number."""

    generation: int
    probe: int | None = None
    tenant: Tenant = None


class Refusal(NamedTuple):
    """Refusal of a call, for so many seconds."""

    state: State
    retry_after: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state. `local`: of this process alone, because it cannot reach Redis."""

    from_state: State
    to_state: State
    reason: str
    local: bool = False
    # From leaving closed to this return to it; no part of what tells two changes apart.
    seconds: float | None = field(default=None, compare=False)


Counted = tuple[Circuit, str]
"""A circuit with an outcome counted, and the reason to leave its state; empty to stay."""

Step = tuple[Circuit, T, tuple[Change, ...]]
Event = Callable[[Circuit, float], Step[T]]
"""Event: a circuit's step at a time on the store's clock. It may be computed more than once."""


def admit(
    circuit: Circuit,
    now: float,
    *,
    rules: Rules,
    lease: float,
    tenant: Tenant = None,
    override: OperatorOverride | None = None,
) -> Step[Ticket | Refusal]:
    """Ask for permission to call. A probe holds its lease for `lease` seconds."""
    circuit, _, changes = obey(circuit, now, override=override)
    circuit = normalized(circuit, now)
    if circuit.state == "closed" or circuit.is_unaffected(rules, tenant):
        return circuit, Ticket(circuit.generation, None, tenant), changes
    wait = seconds_to_wait(circuit, rules, now, tenant)
    if circuit.forced or wait > 0:
        return circuit, Refusal(circuit.state, wait), changes
    if circuit.state == "open":
        circuit, _, recovered = _enter(circuit, "half_open", now, "recovery time is over")
        changes += recovered
    circuit = replace(circuit, probe=circuit.probe + 1, leased_at=now, lease=lease)
    return circuit, Ticket(circuit.generation, circuit.probe, tenant), changes


def record(
    circuit: Circuit, now: float, *, rules: Rules, ticket: Ticket, outcome: Outcome
) -> Step[None]:
    reason = ""
    if circuit.forced or ticket.generation != circuit.generation:
        pass
    elif circuit.state == "closed":
        circuit, reason = _count_closed(circuit, rules, ticket.tenant, outcome)
    elif ticket.probe is None and circuit.is_unaffected(rules, ticket.tenant):
        circuit, reason = _count_unaffected(circuit, rules, outcome)
    elif ticket.probe == circuit.probe and circuit.lease is not None:
        circuit, reason = _count_probe(circuit, rules, ticket.tenant, outcome)
    if not reason:
        return circuit, None, ()
    return _enter(circuit, "closed" if outcome is Outcome.SUCCESS else "open", now, reason)


def move(circuit: Circuit, now: float, *, to: State, reason: str) -> Step[None]:
    """Put the circuit into a state; "closed" is a reset. One that is held by force stays."""
    circuit = normalized(circuit, now)
    if circuit.forced:
        return circuit, None, ()
    return _enter(replace(circuit, only=None, others=0), to, now, reason)


def obey(circuit: Circuit, now: float, *, override: OperatorOverride | None) -> Step[None]:
    """Carry out an override, unless it or a newer one has been carried out before.

    A circuit held open whose time has come is open in the ordinary way: a probe tries it first.
    """
    if override is None or override.number <= circuit.order:
        return circuit, None, ()
    circuit = replace(circuit, order=override.number)
    if override.is_over:
        return _let_go(circuit, now), None, ()
    period = override.seconds if override.forced else None
    circuit = replace(circuit, forced=override.forced, forced_at=now, forced_for=period)
    circuit = replace(circuit, only=None, others=0)
    return _enter(circuit, override.forced or "closed", now, override.description)


def normalized(circuit: Circuit, now: float) -> Circuit:
    """The circuit without times in the future, and without a force whose time is over."""
    if max(circuit.opened_at, circuit.forced_at, circuit.leased_at) > now:
        circuit = replace(
            circuit,
            opened_at=min(circuit.opened_at, now),
            forced_at=min(circuit.forced_at, now),
            leased_at=min(circuit.leased_at, now),
        )
    if circuit.forced_for is None or now < circuit.forced_at + circuit.forced_for:
        return circuit
    return _let_go(circuit, now)


def seconds_to_wait(circuit: Circuit, rules: Rules, now: float, tenant: Tenant) -> float:
    """Seconds until a circuit that is not closed lets this tenant's next call pass."""
    if circuit.forced:
        if circuit.forced_for is None:
            return rules.recovery
        return circuit.forced_at + circuit.forced_for - now
    longer = tenant is not None and tenant == circuit.only and circuit.is_for_all(rules)
    wait = max(0.0, circuit.opened_at + rules.recovery * (2 if longer else 1) - now)
    if circuit.state == "open" or (longer and wait > 0):
        return wait
    if circuit.lease is not None and now < circuit.leased_at + circuit.lease:
        return PROBE_RETRY_AFTER
    return 0.0


def _count_closed(circuit: Circuit, rules: Rules, tenant: Tenant, outcome: Outcome) -> Counted:
    if outcome is Outcome.SUCCESS and circuit.failures:
        return replace(circuit, failures=0, only=None, others=0), ""
    if outcome is not Outcome.FAILURE:
        return circuit, ""
    if not circuit.failures:
        circuit = replace(circuit, only=tenant, others=0)
    others = circuit.others + (tenant is None or tenant != circuit.only)
    circuit = replace(circuit, failures=circuit.failures + 1, others=others)
    if circuit.failures < rules.threshold:
        return circuit, ""
    if others:
        circuit = replace(circuit, only=None, others=rules.threshold)
    return circuit, f"{circuit.failures} failures in a row"


def _count_unaffected(circuit: Circuit, rules: Rules, outcome: Outcome) -> Counted:
    if outcome is Outcome.SUCCESS:
        return replace(circuit, others=0), ""
    if outcome is not Outcome.FAILURE:
        return circuit, ""
    circuit = replace(circuit, others=circuit.others + 1)
    is_enough = circuit.others >= rules.threshold
    return circuit, f"{circuit.others} failures of others in a row" if is_enough else ""


def _count_probe(circuit: Circuit, rules: Rules, tenant: Tenant, outcome: Outcome) -> Counted:
    circuit = replace(circuit, lease=None)
    if outcome is Outcome.FAILURE:
        # Where it is open to one alone, this is the one.
        return replace(circuit, failures=circuit.failures + 1, only=tenant), "the probe failed"
    if outcome is not Outcome.SUCCESS:
        return circuit, ""
    circuit = replace(circuit, failures=0, successes=circuit.successes + 1)
    is_enough = circuit.successes >= rules.successes
    return circuit, f"{circuit.successes} probes succeeded" if is_enough else ""


def _enter(circuit: Circuit, to: State, now: float, reason: str) -> Step[None]:
    entered = replace(_new_generation(circuit, now), state=to)
    seconds: float | None = None
    if to == "open":
        entered = replace(entered, opened_at=now)
    if circuit.state == "closed":
        entered = replace(entered, left_closed_at=now)
    if to == "closed":
        if circuit.left_closed_at is not None:
            seconds = max(0.0, now - circuit.left_closed_at)
        entered = replace(entered, failures=0, only=None, others=0, left_closed_at=None)
    if to == circuit.state:
        return entered, None, ()
    return entered, None, (Change(circuit.state, to, reason, seconds=seconds),)


def _new_generation(circuit: Circuit, now: float) -> Circuit:
    """The time is part of it, so that no store that forgets gives one out twice."""
    generation = max(circuit.generation + 1, round(now * 1_000_000))
    return replace(circuit, generation=generation, successes=0, lease=None)


def _let_go(circuit: Circuit, now: float) -> Circuit:
    if circuit.forced is None:
        return circuit
    circuit = _new_generation(replace(circuit, forced=None, forced_for=None), now)
    return replace(circuit, failures=0) if circuit.state == "closed" else circuit
