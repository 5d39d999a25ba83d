"""Timelines of intents in the story of a correlation ID."""

from collections.abc import Iterator
from typing import Any

from ava.activity.sources import MOST, Source, owned
from ava.intents.models import Intent
from ava.intents.timeline import with_timelines
from ava.observability.recorder import Entry


def timelines(model: type[Intent]) -> Source:
    """Source of all rows of one kind."""

    def source(owner_id: int, correlation_id: str) -> Iterator[Entry]:
        objects: Any = model._default_manager
        rows = owned(objects.filter(correlation_id=correlation_id), owner_id)
        for row in with_timelines(rows.order_by("created_at", "id")[:MOST]):
            for entry in row.entries:
                yield Entry(
                    row.owner_id,
                    correlation_id,
                    entry.at,
                    row.activity_kind,
                    f"{row.heading}: {entry.detail or entry.status}",
                    entry.status,
                    entry.status in row.FAILED,
                    link=row.link,
                )

    return source
