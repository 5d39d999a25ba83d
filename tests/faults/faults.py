"""Faults: what fails, for how long, and what AVA promises meanwhile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.deployment import Deployment
from tests.faults.ledger import NO_ANSWER

Play = Callable[[Deployment], AbstractContextManager[None]]

ALWAYS = frozenset({"edit_in_progress", "idempotency_in_progress", "webhook_not_taken"})
"""Clients may see these whatever fails. 409, after a request that ended with a process: an edit
keeps its assistant for 15 s, a killed process its keys for 60 s. 503, where a busy machine does not
get to a webhook in the 3 s that its provider waits; it is sent again."""


@dataclass(frozen=True)
class Fault:
    """One that can be played.

    Attributes:
        name: for the table.
        play: breaks something on entering and mends it on leaving.
        seconds: between the two.
        may: the codes that clients may see meanwhile.
        recovers_in: seconds after the end, from which on no answer is an error.
        needs: what of the machine must be able to fail.
    """

    name: str
    play: Play
    seconds: float
    may: frozenset[str] = frozenset()
    recovers_in: float = 5.0
    needs: str = ""

    @property
    def promise(self) -> str:
        """In a cell of the table."""
        if not self.may:
            return "nothing of it"
        seen = ", ".join(code if code == NO_ANSWER else f"`{code}`" for code in sorted(self.may))
        return f"{seen}, for {self.recovers_in:.0f} s after at most"
