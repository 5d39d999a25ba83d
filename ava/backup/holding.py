"""Hold after a restore: what was open in the backup may have been done since, and is not repeated.

Apps register functions, called in the order of registration and in one transaction, before AVA
starts on the restored state. Each returns how many rows it has held.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction


@dataclass(frozen=True)
class Restored:
    """The state that was restored."""

    made_at: datetime  # of the backup
    now: datetime

    @property
    def reason(self) -> str:
        """The beginning of each explanation."""
        return f"AVA was restored from a backup of {self.made_at:%Y-%m-%d %H:%M} UTC."


Hold = Callable[[Restored], int]

registered: dict[str, Hold] = {}


def register(what: str, hold: Hold) -> None:
    """Register what is held back. `what` is a plural and a participle: "mails left as unknown"."""
    registered[what] = hold


@transaction.atomic
def hold_all(restored: Restored) -> dict[str, int]:
    """Hold everything; how many of each."""
    return {what: hold(restored) for what, hold in registered.items()}
