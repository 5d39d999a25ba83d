"""The breaker's state machine, pure: no clock, no lock, no input or output.

Every function takes a `Circuit` and the time and returns the next `Circuit`. Stores keep the
circuit and make these steps atomic.

- closed: everything passes; failures in a row are counted.
- open: nothing passes until the recovery time is over. The next caller becomes the probe.
- half_open: one probe at a time, held by a lease; everybody else is refused. Enough successes
  close the circuit, one failure opens it again.

Every change of state begins a new generation. What a call of an older generation, or a probe
whose lease went to somebody else, has to say is no longer heard.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal, NamedTuple

State = Literal["closed", "half_open", "open"]
Forced = Literal["open", "closed"] | None

# A probe answers within moments, or its lease runs out: ask again soon, not after the lease.
PROBE_RETRY_AFTER = 1.0


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
    """The whole state of one breaker. Times are seconds on the store's clock."""

    state: State = "closed"
    forced: Forced = None
    generation: int = 0
    failures: int = 0
    successes: int = 0
    opened_at: float = 0.0
    probe: int = 0
    lease_until: float | None = None


class Ticket(NamedTuple):
    """Leave to call the provider, handed back with the outcome. A probe has a number."""

    generation: int
    probe: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No leave. `retry_after` is in seconds."""

    state: State
    retry_after: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, told only to the caller who made it."""

    from_state: State
    to_state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a breaker looks like now.

    Attributes:
        failures: failures in a row.
        successes: successes of this half-open period.
        retry_after: seconds until a call may pass, 0 when the next one does; None when closed.
        generation: how many changes there have been.
    """

    state: State
    failures: int
    successes: int
    retry_after: float | None
    generation: int


Step = tuple[Circuit, Change | None]


def admit(
    circuit: Circuit, rules: Rules, now: float, lease: float
) -> tuple[Circuit, Ticket | Refusal, Change | None]:
    """Ask for leave to call. A probe holds its lease for `lease` seconds."""
    if circuit.forced == "open":
        return circuit, Refusal("open", rules.recovery), None
    if circuit.state == "closed":
        return circuit, Ticket(circuit.generation), None
    wait = _wait(circuit, rules, now)
    if wait > 0:
        return circuit, Refusal(circuit.state, wait), None
    change = None
    if circuit.state == "open":
        circuit, change = _enter(circuit, "half_open", now, "recovery time is over")
    circuit = replace(circuit, probe=circuit.probe + 1, lease_until=now + lease)
    return circuit, Ticket(circuit.generation, circuit.probe), change


def record(circuit: Circuit, rules: Rules, now: float, ticket: Ticket, outcome: Outcome) -> Step:
    """Take in what became of an admitted call."""
    if circuit.forced or ticket.generation != circuit.generation:
        return circuit, None
    if circuit.state == "closed":
        return _record_closed(circuit, rules, now, outcome)
    if ticket.probe != circuit.probe or circuit.lease_until is None:
        return circuit, None
    return _record_probe(replace(circuit, lease_until=None), rules, now, outcome)


def _record_closed(circuit: Circuit, rules: Rules, now: float, outcome: Outcome) -> Step:
    if outcome is Outcome.SUCCESS and circuit.failures:
        return replace(circuit, failures=0), None
    if outcome is not Outcome.FAILURE:
        return circuit, None
    circuit = replace(circuit, failures=circuit.failures + 1)
    if circuit.failures < rules.threshold:
        return circuit, None
    return _enter(circuit, "open", now, f"{circuit.failures} failures in a row")


def _record_probe(circuit: Circuit, rules: Rules, now: float, outcome: Outcome) -> Step:
    if outcome is Outcome.FAILURE:
        circuit = replace(circuit, failures=circuit.failures + 1)
        return _enter(circuit, "open", now, "the probe failed")
    if outcome is Outcome.NEUTRAL:
        return circuit, None
    circuit = replace(circuit, failures=0, successes=circuit.successes + 1)
    if circuit.successes < rules.successes:
        return circuit, None
    return _enter(circuit, "closed", now, f"{circuit.successes} probes succeeded")


def move(circuit: Circuit, to: State, now: float, reason: str) -> Step:
    """Put the circuit into a state; "closed" is a reset. One that is held by force stays."""
    return (circuit, None) if circuit.forced else _enter(circuit, to, now, reason)


def force(circuit: Circuit, forced: Forced, now: float, reason: str) -> Step:
    """Hold the circuit open or closed, whatever calls say; None lets go.

    A circuit let go from open is open in the ordinary way: a probe tries it first.
    """
    if forced == circuit.forced:
        return circuit, None
    circuit = replace(circuit, forced=forced)
    if forced is None:
        return _enter(circuit, circuit.state, circuit.opened_at, reason)
    return _enter(circuit, forced, now, reason)


def look(circuit: Circuit, rules: Rules, now: float) -> Snapshot:
    """Read, and change nothing."""
    return Snapshot(
        state=circuit.state,
        failures=circuit.failures,
        successes=circuit.successes,
        retry_after=None if circuit.state == "closed" else _wait(circuit, rules, now),
        generation=circuit.generation,
    )


def _enter(circuit: Circuit, to: State, now: float, reason: str) -> Step:
    entered = Circuit(
        state=to,
        forced=circuit.forced,
        generation=circuit.generation + 1,
        failures=0 if to == "closed" else circuit.failures,
        opened_at=now if to == "open" else circuit.opened_at,
        probe=circuit.probe,
    )
    return entered, None if to == circuit.state else Change(circuit.state, to, reason)


def _wait(circuit: Circuit, rules: Rules, now: float) -> float:
    if circuit.state == "open":
        return max(0.0, circuit.opened_at + rules.recovery - now)
    if circuit.lease_until is not None and now < circuit.lease_until:
        return PROBE_RETRY_AFTER
    return 0.0
