"""State machines of calls and messages: which status may follow which. Pure.

Sources: https://www.twilio.com/docs/voice/api/call-resource#call-status-values,
https://www.twilio.com/docs/messaging/api/message-resource#message-status-values. Twilio promises
neither that a callback comes, nor that it comes once, nor in order: a status is taken only where
it lies ahead of the present one, and the end is the end.
"""

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


def _ranks(*ranks: str) -> dict[str, int]:
    """The rank of each word; words of the same rank stand in one text."""
    return {word: rank for rank, words in enumerate(ranks) for word in words.split()}


_CALL_ENDS = "completed busy no-answer failed canceled"
CALL = Machine(
    ranks=_ranks("scheduled", "pending", "unknown", "queued", "ringing", "in-progress", _CALL_ENDS),
    final=frozenset(_CALL_ENDS.split()),
    billed=frozenset({"completed"}),
)

_MESSAGE_ENDS = "read undelivered failed canceled received"
MESSAGE = Machine(
    ranks=_ranks(
        *("scheduled", "pending", "unknown", "accepted receiving", "queued", "sending", "sent"),
        *("partially_delivered", "delivered", _MESSAGE_ENDS),
    ),
    final=frozenset({"delivered", *_MESSAGE_ENDS.split()}),
    # Not every carrier reports whether a message was delivered.
    resting=frozenset({"sent", "partially_delivered"}),
    billed=frozenset({"delivered", "read", "undelivered", "received"}),
    exceptions=frozenset({("delivered", "read")}),
)
