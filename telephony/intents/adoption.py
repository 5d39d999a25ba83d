"""Adoption: a provider's record becomes one intent's, and no other's.

Proof beats likeness: a row matched by likeness alone gives way, and is searched for again. A
provider's ID belongs to the account that received it: what a tenant's own credentials say of an ID
binds that tenant's rows alone. Several users may share one Twilio account, though, and then only
one of them sent what is found there. A user shares an account whose auth token they know, not one
whose SID they name.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ava import tenant
from ava.intents.states import UNKNOWN, UNSENT
from ava.intents.timeline import Source, follow_up, note, rows_of
from ava.jobs import RetryLater
from ava.jobs import services as jobs
from telephony import signers
from telephony.intents.channel import ProviderRecord
from telephony.intents.timeline import AnyCommunication, advance, facts_of, settle

log = structlog.get_logger("telephony")

END_DUPLICATE = "telephony.end_duplicate"


def adopt(
    intent: AnyCommunication, record: ProviderRecord, *, source: str, proven: bool, now: datetime
) -> tuple[AnyCommunication, bool]:
    """Adopt a record of the provider's. The row, and whether the record is of it: a second one with
    its mark is stopped, where that can be done. `proven`: the provider's own answer, or it carries
    AVA's mark; without that it only looks like it, which gives way to proof."""
    try:
        return _adopt(intent, record, source, proven, now)
    except IntegrityError:
        # Another one adopted it this very moment: now it can be seen, and may have to give way.
        return _adopt(intent, record, source, proven, now)


@transaction.atomic
def _adopt(
    intent: AnyCommunication, record: ProviderRecord, source: str, proven: bool, now: datetime
) -> tuple[AnyCommunication, bool]:
    row = _lock_in_order(intent, record, proven=proven)
    if row.reference != record.reference:
        misled = row.guessed and proven
        if not misled and (row.reference or row.is_final):
            if proven:
                _stop_duplicate(row, record.reference, now)
            return row, False
        if not _free(row, row.reference_field, record.reference, proven=proven, now=now):
            return row, False
        if misled:
            _disown(row, now)
        setattr(row, row.reference_field, record.reference)
        row.guessed = not proven
        if row.stop_requested:
            follow_up(row, due_at=now)
    elif proven:
        row.guessed = False
    row.attempted_at = row.missing_since = None
    if not row.is_final and not row.error_code:
        row.error = ""  # of a time when AVA could not look
    # The leg at Twilio of a call that Vapi leads: Vapi knows whose it is.
    leg = record.provider_sid
    if leg and not _free(row, "provider_sid", leg, proven=True, now=now):
        record = replace(record, provider_sid=None)
    advance(row, record, source=source, now=now)
    row.save()
    return row, True


def _lock_in_order(
    intent: AnyCommunication, record: ProviderRecord, *, proven: bool
) -> AnyCommunication:
    """The row, locked together with its possible rivals for what was seen, all in the same order:
    two that hold what is the other's would wait for each other for ever."""
    wanted = Q(pk=intent.pk) | Q(**{intent.reference_field: record.reference})
    if leg := record.provider_sid:
        wanted |= Q(provider_sid=leg)
    if not proven and intent.reference != record.reference:
        wanted |= _lost_alike(intent)  # any of them may adopt it at this moment
    found = rows_of(intent).select_for_update().filter(wanted).order_by("pk")
    return {row.pk: row for row in found}[intent.pk]


def _free(row: AnyCommunication, field: str, sid: str, *, proven: bool, now: datetime) -> bool:
    """Whether the provider's `sid` can be this row's. One that only guessed it must give it up."""
    holding = rows_of(row).select_for_update().filter(**{field: sid}).exclude(pk=row.pk)
    others = _rivals(row, holding)
    if not all(proven and one.guessed for one in others):
        return False
    for one in others:
        _disown(one, now)
        one.attempted_at = now  # to be looked for again
        one.save()
    return True


def _disown(row: AnyCommunication, now: datetime) -> None:
    """Undo a wrong match: nothing that was known of the row holds, not even its end."""
    end = f", and so was {row.status}" if row.is_final else ""
    detail = f"{row.reference} was another one's{end}. AVA is finding out what became of this one."
    setattr(row, row.reference_field, None)
    row.guessed = False
    row.status, row.updated_at = UNKNOWN, now
    for name, blank in facts_of(type(row)(), row).items():
        setattr(row, name, blank)
    note(row, source=Source.RECONCILE, detail=detail, now=now)
    follow_up(row, due_at=now + settle())


def _stop_duplicate(row: AnyCommunication, sid: str, now: datetime) -> None:
    detail = f"{sid} was placed as well and is stopped."
    if not row.can_be_stopped:
        detail = f"{sid} went out as well; a {row.word} cannot be taken back."
    if not row.timeline.filter(detail=detail).exists():
        log.warning("a second one was placed", kind=row.word, id=str(row.pk), sid=sid)
        note(row, source=Source.RECONCILE, detail=detail, now=now)
    if row.can_be_stopped:
        payload, owner = {"id": str(row.pk), "sid": sid}, tenant.key(row.owner_id)
        jobs.enqueue(END_DUPLICATE, payload, key=f"{row.pk} {sid}", tenant=owner)


def closest(
    intent: AnyCommunication, record: ProviderRecord, *, now: datetime
) -> AnyCommunication | None:
    """The row that a record without a mark belongs to: of all that are looked for the one whose
    attempt is closest to its creation. None: it is no longer open.

    Raises RetryLater: one of them may still get its answer, or its callback, which are proof. That
        is waited for where it is the closest, or began before this one had settled.
    """
    if _rivals(intent, rows_of(intent).filter(**{intent.reference_field: record.reference})):
        return None
    attempts = {
        one: one.attempted_at
        for one in _rivals(intent, rows_of(intent).filter(_lost_alike(intent)))
        if one.attempted_at
        and one.reference_field == intent.reference_field
        and one.reference is None
        and one.wording == intent.wording
    }
    if intent not in attempts:
        return None
    seen = record.created_at

    def distance(one: AnyCommunication) -> tuple[timedelta, datetime, str]:
        apart = abs(attempts[one] - seen) if seen else timedelta(0)
        return apart, attempts[one], str(one.pk)

    found = min(attempts, key=distance)
    settled = attempts[intent] + settle()
    last = max([attempts[found], *(at for at in attempts.values() if at < settled)])
    if (wait := last + settle() - now) > timedelta(0):
        raise RetryLater(wait.total_seconds(), "it may be another one's")
    return found


def _lost_alike(intent: AnyCommunication) -> Q:
    """Rows between the same numbers whose attempt got no answer: the intent, and its like."""
    return Q(
        to=intent.to,
        from_number=intent.from_number,
        account_sid=intent.account_sid,
        status__in=UNSENT,
        attempted_at__isnull=False,
    )


def _rivals(intent: AnyCommunication, rows: QuerySet[AnyCommunication]) -> list[AnyCommunication]:
    """Rows that go through the same account as the intent."""
    found = list(rows)
    if all(row.holder == intent.holder for row in found):
        return found
    holders = signers.sharing(intent.holder, intent.account_sid)
    return [
        row
        for row in found
        if row.holder == intent.holder
        or (row.account_sid == intent.account_sid and row.holder in holders)
    ]
