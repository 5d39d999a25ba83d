"""Writing down what happens to an intent: each change of its status, with time and source."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from ava.http import correlation
from telephony.intents.models import Entry, Intent
from telephony.intents.record import FACTS, ProviderRecord

AnyIntent = TypeVar("AnyIntent", bound=Intent)
Source = Entry.Source

OF_THE_STATUS = frozenset({"error", "error_code", "duration"})
"""Facts that belong to the status they are told with: where that is not taken, they are not."""


def rows_of(intent: AnyIntent) -> QuerySet[AnyIntent]:
    """All of its kind."""
    return QuerySet(type(intent))


def lock(intent: AnyIntent) -> AnyIntent:
    """The row as it is now, and nobody else's until the transaction ends."""
    return rows_of(intent).select_for_update().get(pk=intent.pk)


def note(
    intent: Intent, *, source: str, detail: str = "", now: datetime, status: str | None = None
) -> None:
    """Add an entry to the timeline.

    Args:
        status: that it had then; None: the present one.
    """
    intent.timeline.create(
        at=now,
        status=status or intent.status,
        source=source,
        detail=detail[:400],
        correlation_id=correlation.current() or intent.correlation_id,
    )


def observe(
    intent: AnyIntent,
    *,
    told: str,
    source: str,
    now: datetime,
    detail: str = "",
    facts: Mapping[str, Any] | None = None,
) -> AnyIntent:
    """Take in what the provider tells: a status where it lies ahead, with what belongs to it, and
    facts that may come at any time, such as a price. The row after."""
    with transaction.atomic():
        row = lock(intent)
        advance(row, told=told, source=source, now=now, detail=detail, facts=facts)
        row.save()
    return row


def advance(
    row: Intent,
    *,
    told: str,
    source: str,
    now: datetime,
    detail: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """`observe` for a row that is locked and will be saved by the caller."""
    status = row.machine.after(row.status, told)
    holds = status is not None or told == row.status
    for name, value in (facts or {}).items():
        if value not in (None, "") and (holds or name not in OF_THE_STATUS):
            setattr(row, name, value)
    if status is not None:
        # What was told before, and is taken in only now, comes after what is known.
        row.status, row.updated_at = status, max(now, row.updated_at)
        said = detail or (row.error if row.error_code else "")
        note(row, source=source, detail=said, now=row.updated_at)
    elif now < row.updated_at and row.machine.is_behind(told, row.status):
        _note_overtaken(row, told=told, source=source, now=now)


def _note_overtaken(row: Intent, *, told: str, source: str, now: datetime) -> None:
    """One that was told in time, and that a later one was faster to be taken in than."""
    known = row.timeline.values_list("status", "at")
    if not any(
        status == told or (at <= now and row.machine.is_behind(told, status))
        for status, at in known
    ):
        note(row, source=source, now=now, status=told)


def forget(row: Intent) -> None:
    """What was told of it is another one's. For a row that is locked and will be saved."""
    blank = type(row)()
    for name in facts_of(ProviderRecord("", ""), row):
        setattr(row, name, getattr(blank, name))


def facts_of(record: ProviderRecord, intent: Intent) -> dict[str, Any]:
    """What a record holds besides the status, by the names of the row's columns."""
    return {name: getattr(record, name) for name in FACTS if hasattr(intent, name)}
