"""State machine of events that AVA creates. Pure."""

from ava.intents.states import FAILED, PENDING, UNKNOWN, Machine, ranked
from integrations.calendar.events.records import CANCELLED, CONFIRMED, TENTATIVE

DELETED = "deleted"

EVENT = Machine(
    ranks=ranked(PENDING, UNKNOWN, TENTATIVE, CONFIRMED, f"{CANCELLED} {DELETED} {FAILED}"),
    final=frozenset({CANCELLED, DELETED, FAILED}),
    resting=frozenset({TENTATIVE, CONFIRMED}),
)

HOLDING = (PENDING, UNKNOWN, TENTATIVE, CONFIRMED)
"""Statuses in which an event takes its time."""
