"""State machine of an intent: which status may follow which. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

# AVA's own words, until the provider has one.
SCHEDULED = "scheduled"
PENDING = "pending"
UNKNOWN = "unknown"
FAILED = "failed"
CANCELED = "canceled"
UNSENT = frozenset({SCHEDULED, PENDING, UNKNOWN})


@dataclass(frozen=True)
class Machine:
    """A state machine."""

    ranks: Mapping[str, int]  # every status, the later the higher
    final: frozenset[str]  # nothing follows these
    resting: frozenset[str] = frozenset()  # where nothing more may ever be reported
    billed: frozenset[str] = frozenset()  # the ends that cost something
    exceptions: frozenset[tuple[str, str]] = frozenset()  # what may follow a final one all the same

    def after(self, current: str, reported: str) -> str | None:
        """The status after the provider has reported one; None when that changes nothing."""
        if (current, reported) in self.exceptions:
            return reported
        ahead = self.ranks.get(reported, -1) > self.ranks[current]
        return reported if ahead and current not in self.final else None

    def is_behind(self, reported: str, current: str) -> bool:
        """Whether the provider's `reported` is a step that `current` has left behind."""
        return reported not in UNSENT and -1 < self.ranks.get(reported, -1) < self.ranks[current]


def ranked(*ranks: str) -> dict[str, int]:
    """The rank of each word; words of the same rank stand in one text."""
    return {word: rank for rank, words in enumerate(ranks) for word in words.split()}
