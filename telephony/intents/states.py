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
    """A state machine.

    Args:
        ranks: every status, the later the higher.
        final: nothing follows these.
        resting: where nothing more may ever be reported.
        billed: the ends that cost something.
        exceptions: what may follow a final status all the same.
    """

    ranks: Mapping[str, int]
    final: frozenset[str]
    resting: frozenset[str] = frozenset()
    billed: frozenset[str] = frozenset()
    exceptions: frozenset[tuple[str, str]] = frozenset()

    def after(self, current: str, reported: str) -> str | None:
        """The status after the provider has reported one; None when that changes nothing."""
        if (current, reported) in self.exceptions:
            return reported
        ahead = self.ranks.get(reported, -1) > self.ranks[current]
        return reported if ahead and current not in self.final else None

    def is_behind(self, reported: str, current: str) -> bool:
        """Whether the provider's `reported` is a step that `current` has left behind."""
        return reported not in UNSENT and -1 < self.ranks.get(reported, -1) < self.ranks[current]

    def is_final(self, status: str) -> bool:
        return status in self.final


CALL = Machine(
    ranks={
        SCHEDULED: 0,
        PENDING: 1,
        UNKNOWN: 2,
        "queued": 3,
        "ringing": 4,
        "in-progress": 5,
        "completed": 6,
        "busy": 6,
        "no-answer": 6,
        FAILED: 6,
        CANCELED: 6,
    },
    final=frozenset({"completed", "busy", "no-answer", FAILED, CANCELED}),
    billed=frozenset({"completed"}),
)

MESSAGE = Machine(
    ranks={
        SCHEDULED: 0,
        PENDING: 1,
        UNKNOWN: 2,
        "accepted": 3,
        "queued": 4,
        "sending": 5,
        "sent": 6,
        "partially_delivered": 7,
        "delivered": 8,
        "read": 9,
        "undelivered": 9,
        FAILED: 9,
        CANCELED: 9,
        "receiving": 3,
        "received": 9,
    },
    final=frozenset({"delivered", "read", "undelivered", FAILED, CANCELED, "received"}),
    # Not every carrier reports whether a message was delivered.
    resting=frozenset({"sent", "partially_delivered"}),
    billed=frozenset({"delivered", "read", "undelivered", "received"}),
    exceptions=frozenset({("delivered", "read")}),
)
