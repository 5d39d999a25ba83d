"""State machine of mails, and of each recipient's copy. Pure.

Source: https://resend.com/docs/webhooks/event-types. Events may come late, twice, and in any order.
"""

from collections.abc import Iterable

from ava.intents.states import FAILED, PENDING, UNKNOWN, Machine, ranked

SENT = "sent"  # the provider has taken it
DELIVERED = "delivered"
BOUNCED = "bounced"
COMPLAINED = "complained"
SUPPRESSED = "suppressed"

MAIL = Machine(
    ranks=ranked(
        PENDING, UNKNOWN, SENT, DELIVERED, f"{BOUNCED} {COMPLAINED} {SUPPRESSED} {FAILED}"
    ),
    final=frozenset({BOUNCED, COMPLAINED, SUPPRESSED, FAILED}),
    resting=frozenset({SENT, DELIVERED}),
)

_WORST_FIRST = (COMPLAINED, BOUNCED, SUPPRESSED, FAILED, UNKNOWN, PENDING, SENT, DELIVERED)


def overall(statuses: Iterable[str]) -> str:
    """The status of a mail: the worst of its recipients'."""
    return min(statuses, key=_WORST_FIRST.index)
