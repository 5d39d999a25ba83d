"""Revisions of settings in the story of a correlation ID."""

from collections.abc import Iterator

from ava.activity.sources import MOST, owned
from ava.observability.recorder import Entry
from vapi_settings.models import Revision


def revisions(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Changes of settings by the owner, and those found at Vapi."""
    rows = owned(Revision.objects.filter(correlation_id=correlation_id), owner_id)
    for row in rows.exclude(source=Revision.Source.FOUND).order_by("id")[:MOST]:
        yield Entry(
            row.owner_id,
            correlation_id,
            row.at,
            "revision",
            f"{row.key} of assistant {row.assistant_id}, by {row.source}: {row.status}",
            row.status,
            row.status not in (Revision.Status.CONFIRMED, Revision.Status.PENDING),
            link=f"/api/v1/vapi/settings/{row.key}/history",
        )
