"""Circuit breaker state machine, pure: no clock, no lock, no input or output.

Each event takes a `Circuit` and the time and returns the next `Circuit` and what has changed.
Stores keep the circuit and make these steps atomic.

- closed: everything passes; failures in a row are counted.
- open: nothing passes until the recovery time is over. The next caller becomes the probe.
- half_open: one probe at a time, held by a lease; everybody else is refused. Enough successes
  close the circuit, one failure opens it again.

Every change of state begins a new generation. Outcomes of an older generation, and of a probe
whose lease another call has taken over, are ignored.

An outage that one tenant alone sees shuts no other tenant out. Where all failures in a row are one
tenant's, they open the circuit to it alone (`only`): it meets what is said above, and everybody
else passes as a bystander; enough failures of bystanders in a row open it for all, as failures of
several tenants, or of AVA's own work (None), do at once. While it is open for all, the tenant whose
probe failed last leaves the probing to others for one more recovery time: else its own outage
could keep the circuit open for all.

Operator overrides are numbered. A circuit obeys one only if it is newer than the last one it
obeyed, so that an old one that arrives late changes nothing.

Clocks go back. What began later than now is taken to begin now, so that nothing lasts longer than
it was meant to.
"""

from dataclasses import replace

from ava.upstream.circuit import (
    Change,
    Circuit,
    OperatorOverride,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Step,
    Tenant,
    Ticket,
)

RECOVERED = "recovery time is over"
ADOPTED = "open on a worker while Redis was lost"

# A probe answers within moments, or its lease runs out: ask again soon, not after the lease.
PROBE_RETRY_AFTER = 1.0

_Entered = tuple[Circuit, tuple[Change, ...]]


def admit(
    circuit: Circuit,
    now: float,
    *,
    rules: Rules,
    lease: float,
    tenant: Tenant = None,
    override: OperatorOverride | None = None,
) -> Step[Ticket | Refusal]:
    """Ask for leave to call. A probe holds its lease for `lease` seconds."""
    circuit, _, changes = obey(circuit, now, override=override)
    circuit = _released(circuit, now)
    if circuit.state == "closed" or circuit.lets_by(rules, tenant):
        return Step(circuit, Ticket(circuit.generation, None, tenant), changes)
    wait = _wait(circuit, rules, now, tenant)
    if circuit.forced or wait > 0:
        return Step(circuit, Refusal(circuit.state, wait), changes)
    if circuit.state == "open":
        circuit, recovered = _enter(circuit, "half_open", now, RECOVERED)
        changes += recovered
    circuit = replace(circuit, probe=circuit.probe + 1, leased_at=now, lease=lease)
    return Step(circuit, Ticket(circuit.generation, circuit.probe, tenant), changes)


def record(
    circuit: Circuit, now: float, *, rules: Rules, ticket: Ticket, outcome: Outcome
) -> Step[None]:
    """Take in what became of an admitted call."""
    changes: tuple[Change, ...] = ()
    if circuit.forced or ticket.generation != circuit.generation:
        pass
    elif circuit.state == "closed":
        circuit, changes = _record_closed(circuit, rules, now, ticket.tenant, outcome)
    elif ticket.probe is None and circuit.lets_by(rules, ticket.tenant):
        circuit, changes = _record_bystander(circuit, rules, now, outcome)
    elif ticket.probe == circuit.probe and circuit.lease is not None:
        returned = replace(circuit, lease=None)
        circuit, changes = _record_probe(returned, rules, now, ticket.tenant, outcome)
    return Step(circuit, None, changes)


def move(circuit: Circuit, now: float, *, to: State, reason: str) -> Step[None]:
    """Put the circuit into a state; "closed" is a reset. One that is held by force stays."""
    circuit = _released(circuit, now)
    if circuit.forced:
        return Step(circuit, None, ())
    circuit, changes = _enter(replace(circuit, only=None, others=0), to, now, reason)
    return Step(circuit, None, changes)


def obey(circuit: Circuit, now: float, *, override: OperatorOverride | None) -> Step[None]:
    """Carry out an override, unless it or a newer one has been carried out before.

    A circuit held open whose time has come is open in the ordinary way: a probe tries it first.
    """
    if override is None or override.number <= circuit.order:
        return Step(circuit, None, ())
    circuit = replace(circuit, order=override.number)
    if override.seconds is not None and override.seconds <= 0:
        return Step(_let_go(circuit, now), None, ())
    period = override.seconds if override.forced else None
    circuit = replace(circuit, forced=override.forced, forced_at=now, forced_for=period)
    circuit = replace(circuit, only=None, others=0)
    circuit, changes = _enter(circuit, override.forced or "closed", now, override.description)
    return Step(circuit, None, changes)


def rejoin(shared: Circuit, seen: Circuit | None, alone: Circuit | None) -> _Entered:
    """The shared circuit, with what a process knows that the store has missed or forgotten.

    A store that holds an older generation than was seen in it has forgotten (it was flushed, or a
    replica took over): what was seen is put back. What opened while the process was alone opens
    for all, if nothing has happened to the shared circuit since.

    Args:
        seen: the shared circuit as the process saw it last; None if it never has.
        alone: its own, where it has been alone since.
    """
    if seen and shared.generation < seen.generation:
        shared = seen
    began = seen.generation if seen else 0
    if (
        alone is None
        or alone.state == "closed"
        or alone.forced
        or alone.generation == began
        or not shared.is_idle
        or (seen and shared.generation > began)
    ):
        return shared, ()
    generation = max(alone.generation, shared.generation + 1)
    adopted = replace(alone, state="open", generation=generation, successes=0, lease=None)
    return adopted, (Change(shared.state, "open", ADOPTED),)


def look(
    circuit: Circuit,
    now: float,
    *,
    rules: Rules,
    tenant: Tenant = None,
    override: OperatorOverride | None = None,
) -> Snapshot:
    """Read, and change nothing; as it will be once it has obeyed `override`.

    Args:
        tenant: whose wait is shown.
    """
    circuit = _released(obey(circuit, now, override=override).circuit, now)
    return Snapshot(
        state=circuit.state,
        failures=circuit.failures,
        successes=circuit.successes,
        retry_after=None if circuit.state == "closed" else _wait(circuit, rules, now, tenant),
        generation=circuit.generation,
        only=None if circuit.state == "closed" or circuit.is_for_all(rules) else circuit.only,
    )


def _record_closed(
    circuit: Circuit, rules: Rules, now: float, tenant: Tenant, outcome: Outcome
) -> _Entered:
    if outcome is Outcome.SUCCESS and circuit.failures:
        return replace(circuit, failures=0, only=None, others=0), ()
    if outcome is not Outcome.FAILURE:
        return circuit, ()
    if not circuit.failures:
        circuit = replace(circuit, only=tenant, others=0)
    others = circuit.others + (tenant is None or tenant != circuit.only)
    circuit = replace(circuit, failures=circuit.failures + 1, others=others)
    if circuit.failures < rules.threshold:
        return circuit, ()
    if others:
        circuit = replace(circuit, only=None, others=rules.threshold)
    return _enter(circuit, "open", now, f"{circuit.failures} failures in a row")


def _record_bystander(circuit: Circuit, rules: Rules, now: float, outcome: Outcome) -> _Entered:
    if outcome is Outcome.SUCCESS:
        return replace(circuit, others=0), ()
    if outcome is not Outcome.FAILURE:
        return circuit, ()
    circuit = replace(circuit, others=circuit.others + 1)
    if circuit.others < rules.threshold:
        return circuit, ()
    return _enter(circuit, "open", now, f"{circuit.others} failures of others in a row")


def _record_probe(
    circuit: Circuit, rules: Rules, now: float, tenant: Tenant, outcome: Outcome
) -> _Entered:
    if outcome is Outcome.FAILURE:
        # Where it is open to one alone, this is the one.
        circuit = replace(circuit, failures=circuit.failures + 1, only=tenant)
        return _enter(circuit, "open", now, "the probe failed")
    if outcome is Outcome.NEUTRAL:
        return circuit, ()
    circuit = replace(circuit, failures=0, successes=circuit.successes + 1)
    if circuit.successes < rules.successes:
        return circuit, ()
    return _enter(circuit, "closed", now, f"{circuit.successes} probes succeeded")


def _enter(circuit: Circuit, to: State, now: float, reason: str) -> _Entered:
    entered = replace(_new_generation(circuit, now), state=to)
    if to == "open":
        entered = replace(entered, opened_at=now)
    if to == "closed":
        entered = replace(entered, failures=0, only=None, others=0)
    return entered, () if to == circuit.state else (Change(circuit.state, to, reason),)


def _new_generation(circuit: Circuit, now: float) -> Circuit:
    """The time is part of it, so that no store that forgets gives one out twice."""
    generation = max(circuit.generation + 1, round(now * 1_000_000))
    return replace(circuit, generation=generation, successes=0, lease=None)


def _released(circuit: Circuit, now: float) -> Circuit:
    """Without times that are still to come, and without a force whose time is over."""
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


def _let_go(circuit: Circuit, now: float) -> Circuit:
    if circuit.forced is None:
        return circuit
    circuit = _new_generation(replace(circuit, forced=None, forced_for=None), now)
    return replace(circuit, failures=0) if circuit.state == "closed" else circuit


def _wait(circuit: Circuit, rules: Rules, now: float, tenant: Tenant) -> float:
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
