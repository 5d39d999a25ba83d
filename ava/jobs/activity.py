"""Jobs in the story of a correlation ID: those that wait, and those that were given up.

Runs are recorded when they end (`executor`).
"""

from collections.abc import Iterator

from ava.activity.sources import EVERYBODY, MOST
from ava.jobs.models import Job
from ava.observability.recorder import Entry


def unfinished(owner_id: int, correlation_id: str) -> Iterator[Entry]:
    """Jobs for the owner that are not done."""
    rows = Job.objects.filter(correlation_id=correlation_id)
    if owner_id != EVERYBODY:
        rows = rows.filter(tenant=str(owner_id))
    for row in rows.exclude(state=Job.State.DONE).order_by("created_at")[:MOST]:
        waits = row.state == Job.State.QUEUED
        yield Entry(
            int(row.tenant) if row.tenant else None,
            correlation_id,
            row.due_at if waits else row.finished_at or row.due_at,
            "job",
            f"{row.kind} {'is due' if waits else 'was given up'}"
            + (f": {row.last_error}" if row.last_error else ""),
            "waiting" if waits else row.state,
            not waits,
        )
