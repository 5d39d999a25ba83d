"""Where breakers keep their state: one protocol, so that a fleet can share it.

Every method is atomic. A `Change` goes to the caller who made it and to nobody else, so that
each change is counted, logged and stored exactly once, however many share the store.
"""

from typing import Protocol

from ava.upstream.circuit import (
    Change,
    Order,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Tenant,
    Ticket,
)


class Store(Protocol):
    """The state of one breaker. Time is the store's own, in seconds."""

    def admit(
        self, rules: Rules, lease: float, tenant: Tenant = None
    ) -> tuple[Ticket | Refusal, Change | None]:
        """Ask for leave to call; a probe holds it for `lease` seconds."""

    def record(self, rules: Rules, ticket: Ticket, outcome: Outcome) -> Change | None:
        """Hand the ticket back."""

    def snapshot(self, rules: Rules, order: Order | None = None, tenant: Tenant = None) -> Snapshot:
        """Read, and change nothing; as it will be once it has obeyed `order`.

        Args:
            tenant: whose wait is shown.
        """

    def obey(self, rules: Rules, order: Order) -> Change | None:
        """Carry out an order, unless it or a newer one has been carried out before."""

    def move(self, rules: Rules, to: State, reason: str) -> Change | None:
        """Put the breaker into a state; "closed" is a reset. One held by force stays."""

    def catch_up(self, rules: Rules) -> Change | None:
        """Take in what has happened elsewhere, without a call. A change is the caller's to tell."""
