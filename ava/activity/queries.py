"""Reads of activity: the list, and the one story of a correlation ID."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava.activity.models import Activity
from ava.activity.services import write
from ava.activity.sources import EVERYBODY, MOST, owned, shared, sources
from ava.observability.recorder import Entry


def newest(
    *,
    user: User,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str | None = None,
    failed: bool | None = None,
) -> QuerySet[Activity]:
    """Activity of the user, the newest first."""
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
    """Entries of the user's that carry the ID, in order of time; none for another user's ID."""
    found = _found(user.pk, correlation_id)
    return _with_shared(found, correlation_id) if found else []


def stories(*, correlation_id: str) -> list[tuple[User | None, list[Entry]]]:
    """Entries that carry the ID, by user, for the operator; None: they belong to no user."""
    by_owner: dict[int | None, list[Entry]] = {}
    for entry in _found(EVERYBODY, correlation_id):
        by_owner.setdefault(entry.owner_id, []).append(entry)
    users = User.objects.in_bulk([owner for owner in by_owner if owner is not None])
    found = by_owner or {None: []}
    by_user = [
        (users.get(owner or 0), _with_shared(entries, correlation_id))
        for owner, entries in found.items()
    ]
    return [one for one in by_user if one[1]]


def _found(owner_id: int, correlation_id: str) -> list[Entry]:
    write()
    rows = owned(Activity.objects.filter(correlation_id=correlation_id), owner_id)
    # What has tables of its own is read there.
    own = rows.filter(kind__in=("request", "attempt", "job")).order_by("at", "id")
    found = [_entry(row) for row in own[: 5 * MOST]]
    for source in sources:
        found.extend(source(owner_id, correlation_id))
    return sorted(found, key=lambda entry: entry.at)


def _with_shared(found: list[Entry], correlation_id: str) -> list[Entry]:
    added = [entry for source in shared for entry in source(found, correlation_id)]
    return sorted([*found, *added], key=lambda entry: entry.at)


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
