"""Rows of a batch, written in many short transactions: other writers get their turn in between.

While it is stored a batch is canceled and has no end, which no other batch is: no release sends
anything of it, and nobody sees it. What a crash leaves of it is deleted.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ava.http import correlation
from ava.idempotency.errors import InProgress
from ava.jobs.pruning import delete_in_batches
from telephony.intents.states import CANCELED, UNSENT
from telephony.intents.timeline import Source
from telephony.messages import bulk_job
from telephony.messages.models import Batch, Message, MessageEntry

CHUNK = 400
"""Rows of a transaction: SQLite has one writer at a time, who takes some 0.1 s for them."""

ABANDONED = timedelta(minutes=10)
"""After that no request can still be storing it: they end long before."""

STORING = Q(state=Batch.State.CANCELED, finished_at__isnull=True)


def is_stored(batch: Batch) -> bool:
    """Whether all of it is there."""
    return batch.state != Batch.State.CANCELED or batch.finished_at is not None


def store(batch: Batch, messages: Iterable[Message]) -> None:
    """Store a new batch and its messages, and start it with the last of them.

    Raises:
        InProgress: another request has taken its Idempotency-Key over; nothing is sent.
    """
    batch.state = Batch.State.CANCELED
    batch.save(force_insert=True)
    rest = iter(messages)
    while chunk := list(islice(rest, CHUNK)):
        with transaction.atomic():
            _require_storing(batch)
            Message.objects.bulk_create(chunk)
    with transaction.atomic():
        _require_storing(batch)
        batch.state = Batch.State.RUNNING
        batch.save(update_fields=["state"])
        bulk_job.enqueue(batch)


def discard(batch: Batch) -> bool:
    """Delete what there is of a batch that is not all stored. Whoever still stores it fails.

    Returns:
        whether it was; False: it was all stored this very moment, and its messages go out.
    """
    # First, so that it never starts: what is deleted while it goes out would go out once more.
    ended = {"finished_at": timezone.now(), "idempotency": None}
    if not Batch.objects.filter(STORING, pk=batch.pk).update(**ended):
        return False
    delete_in_batches(Message.objects.filter(batch=batch), dry_run=False)
    Batch.objects.filter(pk=batch.pk).delete()
    return True


def cancel_unsent(batch: Batch, now: datetime) -> None:
    """End all that nobody has tried to send of a batch that is canceled: nobody begins to."""
    unsent = batch.messages.filter(status__in=UNSENT, provider_sid=None, attempted_at=None)
    cause = correlation.current() or batch.correlation_id
    is_left = True
    while is_left:
        with transaction.atomic():
            locked = unsent.order_by().select_for_update()
            keys = list(locked.values_list("pk", flat=True)[:CHUNK])
            Message.objects.filter(pk__in=keys).update(status=CANCELED, updated_at=now)
            MessageEntry.objects.bulk_create(
                MessageEntry(
                    intent_id=key,
                    at=now,
                    status=CANCELED,
                    source=Source.USER,
                    detail="The batch was canceled.",
                    correlation_id=cause,
                )
                for key in keys
            )
        is_left = bool(keys)


def sweep() -> None:
    """Delete or end what requests have left half done that were killed."""
    now = timezone.now()
    for batch in Batch.objects.filter(STORING, created_at__lt=now - ABANDONED):
        discard(batch)
    lately = now - timedelta(days=1)
    for batch in Batch.objects.filter(state=Batch.State.CANCELED, finished_at__gte=lately):
        cancel_unsent(batch, now)


def _require_storing(batch: Batch) -> None:
    """Lock it. Raises: InProgress."""
    if not Batch.objects.select_for_update().filter(STORING, pk=batch.pk).exists():
        raise InProgress
