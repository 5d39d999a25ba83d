"""Breaker events in the story of a correlation ID."""

from collections.abc import Iterator

from ava.activity.sources import MOST
from ava.observability.recorder import Entry
from integrations.breakers.models import BreakerEvent


def transitions(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Transitions that a request of the story caused. They concern all users."""
    rows = BreakerEvent.objects.filter(correlation_id=correlation_id).order_by("at", "id")
    for row in rows[:MOST]:
        yield Entry(
            owner_id,
            correlation_id,
            row.at,
            "breaker",
            f"Circuit breaker of {row.provider}: {row.from_state} to {row.to_state}",
            row.to_state,
            row.to_state == "open",
        )
