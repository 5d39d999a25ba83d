"""Where breakers keep their state: one protocol, so that a fleet can share it.

Every method is atomic. A `Change` goes to the caller who made it and to nobody else, so that
each change is counted, logged and stored exactly once, however many share the store.
"""

from typing import Protocol

from ava.upstream.states import (
    Change,
    Forced,
    Outcome,
    Refusal,
    Rules,
    Snapshot,
    State,
    Ticket,
)


class Store(Protocol):
    """The state of one breaker. Time is the store's own, in seconds."""

    def admit(self, rules: Rules, lease: float) -> tuple[Ticket | Refusal, Change | None]:
        """Ask for leave to call; a probe holds it for `lease` seconds."""

    def record(self, rules: Rules, ticket: Ticket, outcome: Outcome) -> Change | None:
        """Hand the ticket back."""

    def snapshot(self, rules: Rules) -> Snapshot:
        """Read, and change nothing."""

    def force(self, forced: Forced, reason: str) -> Change | None:
        """Hold the breaker open or closed; None lets go."""

    def move(self, to: State, reason: str) -> Change | None:
        """Put the breaker into a state; "closed" is a reset. One held by force stays."""
