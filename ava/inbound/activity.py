"""Webhooks in the story of a correlation ID."""

from collections.abc import Iterator

from ava.activity.sources import MOST
from ava.inbound.models import Delivery
from ava.observability.recorder import Entry


def deliveries(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Webhooks of the owner's accounts."""
    rows = Delivery.objects.filter(correlation_id=correlation_id, owner_id=owner_id)
    for row in rows.defer("payload").order_by("received_at")[:MOST]:
        yield Entry(
            owner_id,
            correlation_id,
            row.received_at,
            "webhook",
            f"Webhook: {row}" + (f": {row.error}" if row.error else ""),
            row.state,
            row.state == Delivery.State.FAILED,
        )
