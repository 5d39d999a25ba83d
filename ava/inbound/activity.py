"""Webhooks in the story of a correlation ID."""

from collections.abc import Iterator

from ava.activity.sources import EVERYBODY, MOST, owned
from ava.inbound.models import Delivery, Refusal
from ava.observability.recorder import Entry


def deliveries(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Webhooks of the owner's accounts."""
    rows = owned(Delivery.objects.filter(correlation_id=correlation_id), owner_id)
    for row in rows.defer("payload").order_by("received_at")[:MOST]:
        yield Entry(
            row.owner_id,
            correlation_id,
            row.received_at,
            "webhook",
            f"Webhook: {row}" + (f": {row.error}" if row.error else ""),
            row.state,
            row.state == Delivery.State.FAILED,
        )


def refusals(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Webhooks with a wrong signature: the account that one names has not sent it, so they are no
    user's."""
    if owner_id != EVERYBODY:
        return
    rows = Refusal.objects.filter(correlation_id=correlation_id).order_by("at")
    for row in rows[:MOST]:
        yield Entry(None, correlation_id, row.at, "webhook", f"Webhook: {row}", "refused", True)
