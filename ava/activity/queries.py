"""Reads of activity: the list, and the one story of a correlation ID."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava.activity.models import Activity
from ava.activity.services import write
from ava.activity.sources import MOST, shared, sources
from ava.observability.recorder import Entry


def newest(
    *,
    user: User,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str | None = None,
    failed: bool | None = None,
) -> QuerySet[Activity]:
    """What happened for the user, the newest first."""
    write()  # what this process did a moment ago, too
    rows = Activity.objects.filter(owner=user)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if failed is not None:
        rows = rows.filter(failed=failed)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows


def story(*, user: User, correlation_id: str) -> list[Entry]:
    """What carries the ID and is the user's, in order of time. Empty for somebody else's ID."""
    write()
    rows = Activity.objects.filter(correlation_id=correlation_id, owner=user).order_by("at", "id")
    # What has tables of its own is read there.
    found = [_entry(row) for row in rows.filter(kind__in=("request", "attempt", "job"))[: 5 * MOST]]
    for source in sources:
        found.extend(source(user.pk, correlation_id))
    if found:
        for source in shared:
            found.extend(source(user.pk, correlation_id))
    found.sort(key=lambda entry: entry.at)
    return found


def _entry(row: Activity) -> Entry:
    return Entry(
        row.owner_id,
        row.correlation_id,
        row.at,
        row.kind,
        row.summary,
        row.status,
        row.failed,
        row.duration_ms,
        row.link,
    )
