"""A breaker's state in Redis, shared by every process that uses the same one.

Each step is one script and one round trip. `lua/circuit.lua` tells how the state is kept.
"""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

from ava.redis import RedisClient, Script
from ava.upstream import states
from ava.upstream.circuit import (
    Change,
    Circuit,
    Forced,
    Order,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Tenant,
    Ticket,
)

_LUA = Path(__file__).parent / "lua"


def _script(name: str, first: str = "") -> Script:
    texts = [(_LUA / f"{part}.lua").read_text() for part in (first, "circuit", name) if part]
    return Script("".join(texts))


# What comes first spares nearly every call the rest.
_ADMIT = _script("admit", first="admit_closed")
_RECORD = _script("record", first="record_success")
_OBEY, _MOVE, _REJOIN, _LOOK = map(_script, ("obey", "move", "rejoin", "look"))
_STATES: dict[bytes, State] = {b"closed": "closed", b"half_open": "half_open", b"open": "open"}
_FORCED: dict[bytes, Forced] = {b"": None, b"open": "open", b"closed": "closed"}
_EPOCH = 5  # among the fields of `lua/circuit.lua`
_OUTCOMES = {outcome: outcome.value.encode() for outcome in Outcome}


class View(NamedTuple):
    """The shared circuit as a process has seen it.

    Attributes:
        wait: seconds until a call may pass, where it is not closed.
        epoch: changes when Redis has forgotten the circuit.
        only: the one tenant that it is not closed to.
    """

    state: State
    wait: float
    generation: int
    epoch: int
    only: Tenant = None


class RedisStore:
    """The circuit of one service.

    Args:
        label: the service's. All that is kept for it has one hash tag, for Redis Cluster.
        clock: seconds, for tests; Redis' own clock when left out.

    Every method raises RedisUnavailable when Redis did not answer. It may have done what it was
    asked.
    """

    def __init__(
        self, link: RedisClient, label: str, *, clock: Callable[[], float] | None = None
    ) -> None:
        self._link = link
        self._keys = (f"ava:{{breaker:{label}}}:circuit",)
        self._clock = clock
        self._me = f"w{uuid.uuid4().hex}".encode()

    def _now(self) -> bytes | int:
        return b"" if self._clock is None else _micro(self._clock())

    def admit(
        self, rules: Rules, lease: float, tenant: Tenant = None
    ) -> tuple[Ticket | Refusal, Change | None, View]:
        found = self._link.run(
            _ADMIT,
            self._keys,
            (
                self._now(),
                _micro(rules.recovery),
                _micro(lease),
                self._me,
                rules.threshold,
                tenant or b"",
            ),
        )
        if isinstance(found, bytes):
            generation, epoch = map(int, found.split())
            return Ticket(generation, None, tenant), None, View("closed", 0.0, generation, epoch)
        passed, number, state, generation, epoch, before, wait, only = found
        now_in = _STATES[state]
        view = View(now_in, _seconds(wait), generation, epoch, _tenant(only))
        if not passed:
            return Refusal(now_in, _seconds(number)), None, view
        change = Change(_STATES[before], now_in, states.RECOVERED) if before else None
        return Ticket(generation, number or None, tenant), change, view

    def record(
        self, rules: Rules, ticket: Ticket, outcome: Outcome
    ) -> tuple[Change, int, Tenant] | None:
        """Hand the ticket back; the change it makes, the generation that begins with it, and the
        one tenant that it is not closed to from now on."""
        found = self._link.run(
            _RECORD,
            self._keys,
            (
                self._now(),
                rules.threshold,
                rules.successes,
                ticket.generation,
                ticket.probe or 0,
                _OUTCOMES[outcome],
                self._me,
                ticket.tenant or b"",
            ),
        )
        if found is None:
            return None
        before, after, reason, generation, only = found
        change = Change(_STATES[before], _STATES[after], reason.decode())
        return change, generation, _tenant(only)

    def snapshot(self, rules: Rules, order: Order | None = None, tenant: Tenant = None) -> Snapshot:
        now, *fields = self._link.run(_LOOK, self._keys, (self._now(),))
        return states.look(_circuit(fields), rules, _seconds(now), order, tenant)

    def view(self, rules: Rules) -> View:
        """The circuit without asking for leave; all 0 where there is none."""
        now, *fields = self._link.run(_LOOK, self._keys, (self._now(),))
        seen = states.look(_circuit(fields), rules, _seconds(now))
        return View(seen.state, seen.retry_after or 0.0, seen.generation, fields[_EPOCH], seen.only)

    def obey(self, order: Order) -> Change | None:
        before = self._link.run(_OBEY, self._keys, (self._now(), *_ordered(order)))
        return Change(_STATES[before], order.forced or "closed", order.reason) if before else None

    def move(self, to: State, reason: str) -> Change | None:
        before = self._link.run(_MOVE, self._keys, (self._now(), to))
        return Change(_STATES[before], to, reason) if before else None

    def rejoin(
        self,
        rules: Rules,
        order: Order,
        generation: int,
        left: float | None,
        only: Tenant = None,
    ) -> tuple[View, State | None, Change | None]:
        """Bring in what this process has come to know while it was alone.

        Args:
            order: the last it has heard of.
            generation: the last it has seen here.
            left: seconds for which its own circuit would still be open; None if it is closed.
            only: the one tenant that it is open to.

        Returns:
            What the circuit is now; what it was before, if that has changed it; and a change that
            this process made earlier without getting the answer.
        """
        state, wait, began, epoch, before, was, reason, alone = self._link.run(
            _REJOIN,
            self._keys,
            (
                self._now(),
                *_ordered(order),
                generation,
                _micro(rules.recovery),
                b"" if left is None else _micro(left),
                self._me,
                rules.threshold,
                only or b"",
            ),
        )
        now_in = _STATES[state]
        unheard = before or state  # what this call has changed is not part of it
        owed = Change(_STATES[was], _STATES[unheard], reason.decode()) if was else None
        view = View(now_in, _seconds(wait), began, epoch, _tenant(alone))
        return view, _STATES[before] if before else None, owed


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _seconds(micro: int) -> float:
    return micro / 1_000_000


def _tenant(told: bytes) -> Tenant:
    return told.decode() or None


def _ordered(order: Order) -> tuple[int, str, bytes | int]:
    period = b"" if order.seconds is None else _micro(order.seconds)
    return order.number, order.forced or "", period


def _circuit(fields: list[int | bytes]) -> Circuit:
    """From the fields in the order of `lua/circuit.lua`; all 0 where there is no circuit yet."""
    state, forced, *rest, only = fields
    if not state:
        return Circuit()
    period, order, generation, _, failures, successes, *times = cast(list[int], rest)
    opened_at, probe, lease, forced_at, leased_at, others = times
    return Circuit(
        state=_STATES[cast(bytes, state)],
        forced=_FORCED[cast(bytes, forced)],
        forced_at=_seconds(forced_at),
        forced_for=_seconds(period) or None,
        order=order,
        generation=generation,
        failures=failures,
        successes=successes,
        opened_at=_seconds(opened_at),
        probe=probe,
        leased_at=_seconds(leased_at),
        lease=_seconds(lease) or None,
        only=_tenant(cast(bytes, only)),
        others=others,
    )
