"""Changes of a call or message by what its provider shows."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction

from ava.intents.timeline import Source, changing, follow_up, note
from telephony.intents.channel import FACTS, ProviderRecord
from telephony.intents.models import Communication

AnyCommunication = TypeVar("AnyCommunication", bound=Communication)

# AVA asks after this where the provider does not report by itself.
SOON = timedelta(seconds=2)

# Facts that belong to the status they come with: where that changes nothing, they do not.
OF_THE_STATUS = frozenset({"error", "error_code", "duration"})


def observe(
    intent: AnyCommunication,
    record: ProviderRecord,
    *,
    source: str,
    now: datetime,
    detail: str = "",
) -> AnyCommunication:
    """Apply what is known of it now: see `advance`. The row after."""
    with changing(intent) as row:
        advance(row, record, source=source, now=now, detail=detail)
    return row


def advance(
    row: Communication, record: ProviderRecord, *, source: str, now: datetime, detail: str = ""
) -> None:
    """Take a status where it lies ahead, with what belongs to it, and facts that may come at any
    time, such as a price. For a row that is locked and will be saved."""
    status, at = record.status, record.reported_at or now
    following = row.machine.after(row.status, status)
    holds = following is not None or status == row.status
    for name, value in facts_of(record, row).items():
        if value not in (None, "") and (holds or name not in OF_THE_STATUS):
            setattr(row, name, value)
    if following is not None:
        # What was reported before, and is applied only now, comes after what is known.
        row.status, row.updated_at = following, max(at, row.updated_at)
        detail = detail or (row.error if row.error_code else "")
        note(row, source=source, detail=detail, now=row.updated_at)
    elif at < row.updated_at and row.machine.is_behind(status, row.status):
        _note_overtaken(row, status=status, source=source, now=at)


def _note_overtaken(row: Communication, *, status: str, source: str, now: datetime) -> None:
    """Note a status that was reported in time, and is applied after a later one."""
    known = row.timeline.values_list("status", "at")
    if not any(
        one == status or (at <= now and row.machine.is_behind(status, one)) for one, at in known
    ):
        note(row, source=source, now=now, status=status)


def facts_of(record: ProviderRecord | Communication, intent: Communication) -> dict[str, Any]:
    """The facts of a record besides the status, by the names of the row's columns."""
    return {name: getattr(record, name) for name in FACTS if hasattr(intent, name)}


def settle() -> timedelta:
    """Time after which nothing that was sent is still on its way."""
    return timedelta(seconds=settings.TELEPHONY_SETTLE_SECONDS)


def keep(row: Communication, *, now: datetime) -> bool:
    """Keep a call or message that came in. False: it is kept already."""
    row.created_at = row.updated_at = now
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            note(row, source=Source.CALLBACK, now=now)
            follow_up(row, due_at=now + settle(), is_new=True)
    except IntegrityError:
        return False
    return True
