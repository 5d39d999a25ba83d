"""Timeline of an intent: its row locked and changed, entries, and when its job looks after it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from ava import tenant
from ava.http import correlation
from ava.intents.models import Entry, Intent
from ava.jobs import services as jobs
from ava.observability.recorder import record

AnyIntent = TypeVar("AnyIntent", bound=Intent)
Source = Entry.Source


def rows_of(intent: AnyIntent) -> QuerySet[AnyIntent]:
    """All of its kind."""
    return QuerySet(type(intent))


def lock(intent: AnyIntent) -> AnyIntent:
    """The row as it is now, locked until the transaction ends."""
    return rows_of(intent).select_for_update().get(pk=intent.pk)


@contextmanager
def changing(intent: AnyIntent) -> Iterator[AnyIntent]:
    """The row, locked for the block and saved at its end, in one transaction."""
    with transaction.atomic():
        row = lock(intent)
        yield row
        row.save()


def note(intent: Intent, *, source: str, now: datetime, detail: str = "", status: str = "") -> None:
    """Add an entry to the timeline: with the present status, if it had no other then."""
    status = status or intent.status
    intent.timeline.create(
        at=now,
        status=status,
        source=source,
        detail=detail[:400],
        correlation_id=correlation.current() or intent.correlation_id,
    )
    if intent.owner_id is not None and status in intent.machine.final:
        transaction.on_commit(partial(_record_end, intent, status, now, detail))


def _record_end(intent: Intent, status: str, at: datetime, detail: str) -> None:
    record(
        intent.activity_kind,
        f"{intent.heading}: {detail or status}",
        status=status,
        failed=status in intent.FAILED,
        at=at,
        link=intent.link,
        owner_id=intent.owner_id,
        correlation_id=intent.correlation_id,
    )


def with_timelines(rows: Iterable[AnyIntent]) -> list[AnyIntent]:
    """The same rows, each with its `entries`: one query, however many they are."""
    found = list(rows)
    for row in found:
        row.entries = []
    if found:
        entries: Any = type(found[0]).timeline.rel.related_model.objects
        by_id = {row.pk: row for row in found}
        shown = entries.filter(intent__in=found)
        for entry in shown.values_list("intent_id", *Entry.SHOWN, named=True):
            by_id[entry.intent_id].entries.append(entry)
    return found


def follow_up(intent: Intent, *, due_at: datetime, is_new: bool = False) -> None:
    """Schedule the job of an intent for that time, or earlier if it is due anyway."""
    key, owner = str(intent.pk), tenant.key(intent.owner_id)
    jobs.enqueue(intent.job, {"id": key}, key=key, due_at=due_at, is_new=is_new, tenant=owner)
