"""The breaker's state machine, pure: no clock, no lock, no input or output.

Every function takes a `Circuit` and the time and returns the next `Circuit`. Stores keep the
circuit and make these steps atomic.

- closed: everything passes; failures in a row are counted.
- open: nothing passes until the recovery time is over. The next caller becomes the probe.
- half_open: one probe at a time, held by a lease; everybody else is refused. Enough successes
  close the circuit, one failure opens it again.

Every change of state begins a new generation. What a call of an older generation, or a probe
whose lease went to somebody else, has to say is no longer heard.

An outage that one tenant alone sees shuts nobody else out. Where all failures in a row are one
tenant's, they open the circuit to it alone (`only`): it meets what is said above, and everybody
else passes as a bystander; enough failures of bystanders in a row open it for all, as failures of
several tenants, or of AVA's own work (None), do at once. While it is open for all, the tenant whose
probe failed last leaves the probing to others for one more recovery time: else its own outage
could keep the circuit open for all.

Operators' orders are numbered. A circuit obeys an order only if it is newer than the last one it
obeyed, so that whoever brings an old one late changes nothing.

Clocks go back. Whatever began later than now is taken to begin now, so that nothing lasts longer
than it was meant to.
"""

from dataclasses import replace

from ava.upstream.circuit import (
    Change,
    Circuit,
    Order,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Tenant,
    Ticket,
)

RECOVERED = "recovery time is over"

# A probe answers within moments, or its lease runs out: ask again soon, not after the lease.
PROBE_RETRY_AFTER = 1.0

Step = tuple[Circuit, Change | None]


def admit(
    circuit: Circuit, rules: Rules, now: float, lease: float, tenant: Tenant = None
) -> tuple[Circuit, Ticket | Refusal, Change | None]:
    """Ask for leave to call. A probe holds its lease for `lease` seconds."""
    circuit = _released(circuit, now)
    if circuit.state == "closed" or circuit.lets_by(rules, tenant):
        return circuit, Ticket(circuit.generation, None, tenant), None
    wait = _wait(circuit, rules, now, tenant)
    if circuit.forced or wait > 0:
        return circuit, Refusal(circuit.state, wait), None
    change = None
    if circuit.state == "open":
        circuit, change = _enter(circuit, "half_open", now, RECOVERED)
    circuit = replace(circuit, probe=circuit.probe + 1, leased_at=now, lease=lease)
    return circuit, Ticket(circuit.generation, circuit.probe, tenant), change


def record(circuit: Circuit, rules: Rules, now: float, ticket: Ticket, outcome: Outcome) -> Step:
    """Take in what became of an admitted call."""
    if circuit.forced or ticket.generation != circuit.generation:
        return circuit, None
    if circuit.state == "closed":
        return _record_closed(circuit, rules, now, ticket.tenant, outcome)
    if ticket.probe is None and circuit.lets_by(rules, ticket.tenant):
        return _record_bystander(circuit, rules, now, outcome)
    if ticket.probe != circuit.probe or circuit.lease is None:
        return circuit, None
    return _record_probe(replace(circuit, lease=None), rules, now, ticket.tenant, outcome)


def _record_closed(
    circuit: Circuit, rules: Rules, now: float, tenant: Tenant, outcome: Outcome
) -> Step:
    if outcome is Outcome.SUCCESS and circuit.failures:
        return replace(circuit, failures=0, only=None, others=0), None
    if outcome is not Outcome.FAILURE:
        return circuit, None
    if not circuit.failures:
        circuit = replace(circuit, only=tenant, others=0)
    others = circuit.others + (tenant is None or tenant != circuit.only)
    circuit = replace(circuit, failures=circuit.failures + 1, others=others)
    if circuit.failures < rules.threshold:
        return circuit, None
    if others:
        circuit = replace(circuit, only=None, others=rules.threshold)
    return _enter(circuit, "open", now, f"{circuit.failures} failures in a row")


def _record_bystander(circuit: Circuit, rules: Rules, now: float, outcome: Outcome) -> Step:
    if outcome is Outcome.SUCCESS:
        return replace(circuit, others=0), None
    if outcome is not Outcome.FAILURE:
        return circuit, None
    circuit = replace(circuit, others=circuit.others + 1)
    if circuit.others < rules.threshold:
        return circuit, None
    return _enter(circuit, "open", now, f"{circuit.others} failures of others in a row")


def _record_probe(
    circuit: Circuit, rules: Rules, now: float, tenant: Tenant, outcome: Outcome
) -> Step:
    if outcome is Outcome.FAILURE:
        # Where it is open to one alone, this is the one.
        circuit = replace(circuit, failures=circuit.failures + 1, only=tenant)
        return _enter(circuit, "open", now, "the probe failed")
    if outcome is Outcome.NEUTRAL:
        return circuit, None
    circuit = replace(circuit, failures=0, successes=circuit.successes + 1)
    if circuit.successes < rules.successes:
        return circuit, None
    return _enter(circuit, "closed", now, f"{circuit.successes} probes succeeded")


def move(circuit: Circuit, to: State, now: float, reason: str) -> Step:
    """Put the circuit into a state; "closed" is a reset. One that is held by force stays."""
    circuit = _released(circuit, now)
    if circuit.forced:
        return circuit, None
    return _enter(replace(circuit, only=None, others=0), to, now, reason)


def obey(circuit: Circuit, order: Order, now: float) -> Step:
    """Carry out an order, unless it or a newer one has been carried out before.

    A circuit held open whose time has come is open in the ordinary way: a probe tries it first.
    """
    if order.number <= circuit.order:
        return circuit, None
    circuit = replace(circuit, order=order.number)
    if order.seconds is not None and order.seconds <= 0:
        return _let_go(circuit), None
    period = order.seconds if order.forced else None
    circuit = replace(circuit, forced=order.forced, forced_at=now, forced_for=period)
    circuit = replace(circuit, only=None, others=0)
    return _enter(circuit, order.forced or "closed", now, order.reason)


def resumed(
    rules: Rules,
    state: State,
    wait: float,
    generation: int,
    order: Order,
    now: float,
    only: Tenant = None,
) -> Circuit:
    """A circuit that goes on from what is known of another.

    Args:
        wait: seconds until it is tried, where it is open.
        order: the last that was given, as it stands now.
        only: the one tenant that it is not closed to.
    """
    circuit = Circuit(state=state, generation=generation, order=order.number)
    if order.forced and (order.seconds is None or order.seconds > 0):
        held = replace(circuit, forced=order.forced, forced_at=now, forced_for=order.seconds)
        return replace(held, state=order.forced, opened_at=now)
    others = 0 if only or state == "closed" else rules.threshold
    return replace(circuit, opened_at=now + wait - rules.recovery, only=only, others=others)


def look(
    circuit: Circuit, rules: Rules, now: float, order: Order | None = None, tenant: Tenant = None
) -> Snapshot:
    """Read, and change nothing; as it will be once it has obeyed `order`.

    Args:
        tenant: whose wait is shown.
    """
    if order is not None:
        circuit, _ = obey(circuit, order, now)
    circuit = _released(circuit, now)
    return Snapshot(
        state=circuit.state,
        failures=circuit.failures,
        successes=circuit.successes,
        retry_after=None if circuit.state == "closed" else _wait(circuit, rules, now, tenant),
        generation=circuit.generation,
        only=None if circuit.state == "closed" or circuit.is_for_all(rules) else circuit.only,
    )


def _enter(circuit: Circuit, to: State, now: float, reason: str) -> Step:
    entered = replace(
        circuit,
        state=to,
        generation=circuit.generation + 1,
        failures=0 if to == "closed" else circuit.failures,
        successes=0,
        opened_at=now if to == "open" else circuit.opened_at,
        lease=None,
        only=None if to == "closed" else circuit.only,
        others=0 if to == "closed" else circuit.others,
    )
    return entered, None if to == circuit.state else Change(circuit.state, to, reason)


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
    return _let_go(circuit)


def _let_go(circuit: Circuit) -> Circuit:
    if circuit.forced is None:
        return circuit
    circuit = replace(circuit, forced=None, forced_for=None)
    return _enter(circuit, circuit.state, circuit.opened_at, "")[0]


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
