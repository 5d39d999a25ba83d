"""Faults: what fails, for how long, and what AVA promises meanwhile."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.deployment import Deployment
from tests.faults.ledger import NO_ANSWER

Play = Callable[[Deployment], AbstractContextManager[None]]

STILL_OPEN = frozenset({"edit_in_progress", "idempotency_in_progress"})
"""409, after a request that ended with a process or the database: an edit keeps its assistant for
15 s, a killed process its keys for 60 s. Clients may see them whatever fails."""


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
