"""The breaker's state in this process."""

import threading
import time
from collections.abc import Callable

from ava.upstream import states
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


class MemoryStore:
    """A circuit behind a lock that is held for the step alone, never during a call.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._circuit = Circuit()

    def begin(
        self,
        rules: Rules,
        state: State,
        wait: float,
        generation: int,
        order: Order,
        only: Tenant = None,
    ) -> None:
        """Start anew from what is known of another circuit, as `states.resumed` has it."""
        with self._lock:
            self._circuit = states.resumed(
                rules, state, wait, generation, order, self._clock(), only
            )

    def admit(
        self, rules: Rules, lease: float, tenant: Tenant = None
    ) -> tuple[Ticket | Refusal, Change | None]:
        with self._lock:
            self._circuit, answer, change = states.admit(
                self._circuit, rules, self._clock(), lease, tenant
            )
        return answer, change

    def record(self, rules: Rules, ticket: Ticket, outcome: Outcome) -> Change | None:
        with self._lock:
            self._circuit, change = states.record(
                self._circuit, rules, self._clock(), ticket, outcome
            )
        return change

    def snapshot(self, rules: Rules, order: Order | None = None, tenant: Tenant = None) -> Snapshot:
        with self._lock:
            circuit, now = self._circuit, self._clock()
        return states.look(circuit, rules, now, order, tenant)

    def obey(self, rules: Rules, order: Order) -> Change | None:
        with self._lock:
            self._circuit, change = states.obey(self._circuit, order, self._clock())
        return change

    def move(self, rules: Rules, to: State, reason: str) -> Change | None:
        with self._lock:
            self._circuit, change = states.move(self._circuit, to, self._clock(), reason)
        return change

    def catch_up(self, rules: Rules) -> Change | None:
        return None  # nothing happens elsewhere
