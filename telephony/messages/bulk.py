"""Messages to many: stored at once, sent one after the other at a pace, held and ended at will."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from ava.http import correlation
from integrations.credentials import allowance
from telephony import accounts, senders
from telephony.errors import BatchEnded, BatchesSpent
from telephony.intents.dispatch import Clock
from telephony.intents.states import SCHEDULED
from telephony.messages import bulk_job, bulk_rows
from telephony.messages.models import Batch, Message

MOST = 10_000
MOST_IN_A_DAY = 100_000
"""Messages of a user's batches that are stored in 24 hours, so that nobody fills the disk. One long
code sends 86,400 in that time."""
State = Batch.State
GOING_ON = (State.RUNNING, State.PAUSED)


@dataclass(frozen=True)
class Item:
    """One message of a batch: whom to (E.164), and what."""

    to: str
    body: str


def start(
    *,
    user: User,
    items: Sequence[Item],
    per_minute: int,
    from_number: str | None = None,
    idempotency: uuid.UUID | None = None,
    clock: Clock = timezone.now,
) -> Batch:
    """Store a batch; its messages are sent from now on, each exactly once.

    Args:
        per_minute: how many; batches of one sender share its pace.
        idempotency: of the Idempotency-Key; a batch that was begun under it is returned.

    Raises:
        AllowanceSpent, BatchesSpent, CredentialsMissing, SenderAmbiguous, ValidationFailed,
            ProviderProblem: nothing is sent.
    """
    begun = Batch.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun and (bulk_rows.is_stored(begun) or not bulk_rows.discard(begun)):
        return Batch.objects.get(pk=begun.pk)
    now = clock()
    _require_space(user, len(items), now)
    credentials = accounts.credentials_of(user)
    account = accounts.account_of(user, credentials)
    sender = senders.choose(credentials, from_number, use="sms")
    batch = Batch(
        owner=user,
        from_number=sender,
        per_minute=per_minute,
        created_at=now,
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    messages = (
        Message(
            owner=user,
            batch=batch,
            place=place,
            to=item.to,
            from_number=sender,
            body=item.body,
            status=SCHEDULED,
            account_sid=account.sid,
            holder=account.holder,
            created_at=now,
            updated_at=now,
            correlation_id=batch.correlation_id,
        )
        for place, item in enumerate(items)
    )
    with allowance.spend(user=user, credentials=credentials, units=len(items), now=now):
        bulk_rows.store(batch, messages)
    return batch


def _require_space(user: User, count: int, now: datetime) -> None:
    lately = Message.objects.filter(owner=user, created_at__gt=now - timedelta(days=1))
    left = MOST_IN_A_DAY - lately.filter(batch__isnull=False).count()
    if count > left:
        raise BatchesSpent(most=MOST_IN_A_DAY, left=max(left, 0))


def pause(batch: Batch) -> Batch:
    """Send no more for now. Raises: BatchEnded."""
    return _turn(batch, State.PAUSED)


def resume(batch: Batch) -> Batch:
    """Go on. Raises: BatchEnded."""
    return _turn(batch, State.RUNNING)


def cancel(batch: Batch, *, clock: Clock = timezone.now) -> Batch:
    """Send no more at all; what has been sent stays sent. Raises: BatchEnded."""
    with transaction.atomic():
        row = _turn(batch, State.CANCELED)
        row.finished_at = clock()
        row.save(update_fields=["finished_at"])
    bulk_rows.cancel_unsent(row, row.finished_at)
    return row


def _turn(batch: Batch, state: str) -> Batch:
    """Have the batch run, pause or end, as a person wants it."""
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(pk=batch.pk)
        if row.state not in GOING_ON:
            raise BatchEnded
        row.state, row.held_at, row.error = state, None, ""
        row.save(update_fields=["state", "held_at", "error"])
        if state == State.RUNNING:
            bulk_job.enqueue(row)
    return row
