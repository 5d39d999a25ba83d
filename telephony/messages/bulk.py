"""Messages to many: stored at once, sent one after the other at a pace, held and ended at will."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from ava import correlation
from ava.jobs import Again
from ava.jobs import services as jobs
from ava.problems import Problem
from telephony import accounts, senders
from telephony.errors import BatchEnded, OptedOut, TwilioAccountGone
from telephony.intents import dispatch, settling
from telephony.intents.channel import Channel
from telephony.intents.dispatch import Clock
from telephony.intents.states import CANCELED, SCHEDULED, UNSENT
from telephony.intents.timeline import Source, advance, lock, note
from telephony.messages.channels import CHANNEL
from telephony.messages.models import Batch, Message, Pace

JOB = "telephony.batch"
MOST = 1000
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
        CredentialsMissing, SenderAmbiguous, ValidationFailed, ProviderProblem: nothing is sent.
    """
    begun = Batch.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun:
        return begun
    credentials = accounts.credentials_of(user)
    sender = senders.choose(credentials, from_number, use="sms")
    now = clock()
    with transaction.atomic():
        batch = Batch.objects.create(
            owner=user,
            from_number=sender,
            per_minute=per_minute,
            created_at=now,
            idempotency=idempotency,
            correlation_id=correlation.current(),
        )
        Message.objects.bulk_create(
            Message(
                owner=user,
                batch=batch,
                place=place,
                to=item.to,
                from_number=sender,
                body=item.body,
                status=SCHEDULED,
                account_sid=credentials.fields["account_sid"],
                created_at=now,
                updated_at=now,
                correlation_id=batch.correlation_id,
            )
            for place, item in enumerate(items)
        )
        _go_on(batch)
    return batch


def progress(batch: Batch) -> dict[str, int]:
    """How many of its messages there are in each status."""
    counted = batch.messages.values_list("status").annotate(Count("id")).order_by()
    return dict(counted)


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
        unsent = row.messages.filter(status__in=UNSENT, provider_sid=None, attempted_at=None)
        for message in unsent.select_for_update():
            advance(message, told=CANCELED, source=Source.USER, now=clock())
            message.save()
    return row


def move(batch_id: str, *, clock: Clock = timezone.now) -> None:
    """Send the next message of a batch, if it is time. The job of each batch.

    Raises:
        Again: there are more.
    """
    batch = Batch.objects.select_related("owner").filter(pk=batch_id).first()
    if batch is None or batch.state != State.RUNNING:
        return
    unsent = batch.messages.filter(status__in=UNSENT)
    message = unsent.filter(status=SCHEDULED).order_by("place").first()
    if message is None and unsent.exists():
        # Those that never arrived come back.
        raise Again(settings.TELEPHONY_LOOK_AGAIN_SECONDS, "AVA is looking for the last ones")
    if message is None:
        Batch.objects.filter(pk=batch.pk, state=State.RUNNING).update(
            state=State.DONE, finished_at=clock()
        )
        return
    try:
        holder = accounts.holder_of(batch.owner, accounts.credentials_of(batch.owner))
        account_sid = CHANNEL.prepare(message)
    except (OptedOut, TwilioAccountGone) as refusal:
        dispatch.fail(message, refusal, source=Source.RECONCILE, now=clock())
        raise Again(0, refusal.detail) from None
    except Problem as problem:
        raise Again(settling.PATIENCE, problem.detail) from None
    claimed = _claim(message, batch, holder, account_sid, clock)
    if claimed is not None:
        _send(claimed, clock)
    raise Again(0, "next")


def take_back(message: Message, channel: Channel, clock: Clock) -> None:
    """Have the batch send it at its turn: nothing of it is at the provider."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=str(message.batch_id))
        if not _put_back(message, batch, detail="back in the batch", now=clock()):
            return
        if batch.state == State.DONE:
            batch.state, batch.finished_at = State.RUNNING, None
            batch.save(update_fields=["state", "finished_at"])
        if batch.state == State.RUNNING:
            _go_on(batch)


def _put_back(message: Message, batch: Batch, *, detail: str, now: datetime) -> bool:
    """Whether the batch has it again: as it was before its attempt, or ended with the batch."""
    row = lock(message)
    if row.attempt != message.attempt or row.reference or row.status not in UNSENT - {SCHEDULED}:
        return False
    row.attempted_at = row.missing_since = row.expires_at = None
    if batch.state == State.CANCELED:
        advance(row, told=CANCELED, source=Source.RECONCILE, now=now)
    else:
        row.status, row.updated_at = SCHEDULED, now
        note(row, source=Source.RECONCILE, detail=detail, now=now)
    row.save()
    return True


def _claim(
    message: Message, batch: Batch, holder: str, account_sid: str, clock: Clock
) -> Message | None:
    """The message, to be sent now, and the sender's next turn put off. Raises: Again."""
    with transaction.atomic():
        Pace.objects.get_or_create(holder=holder, number=batch.from_number)
        pace = Pace.objects.select_for_update().get(holder=holder, number=batch.from_number)
        now = clock()
        if (wait := (pace.free_at - now).total_seconds()) > 0:
            raise Again(wait, "the next turn of this sender")
        # Whoever pauses or cancels at this moment is either before this, or after.
        if not Batch.objects.select_for_update().filter(pk=batch.pk, state=State.RUNNING):
            return None
        pace.free_at = now + timedelta(seconds=60 / batch.per_minute)
        pace.save(update_fields=["free_at"])
        return dispatch.claim(message, account_sid=account_sid, now=now)


def _send(message: Message, clock: Clock) -> None:
    """Make the attempt. What went out is followed by the message's own job."""
    try:
        dispatch.attempt(message, CHANNEL, clock=clock)
    except Problem as problem:
        if not dispatch.never_left(problem):
            dispatch.fail(message, problem, source=Source.RECONCILE, now=clock())
            return
        with transaction.atomic():
            batch = Batch.objects.select_for_update().get(pk=str(message.batch_id))
            _put_back(message, batch, detail=f"Not sent: {problem.detail}", now=clock())
        # Nothing else of this batch would get through now, either.
        raise Again(float(problem.retry_after or settling.PATIENCE), problem.detail) from None


def _turn(batch: Batch, state: str) -> Batch:
    with transaction.atomic():
        row = Batch.objects.select_for_update().get(pk=batch.pk)
        if row.state not in GOING_ON:
            raise BatchEnded
        row.state = state
        row.save(update_fields=["state"])
        if state == State.RUNNING:
            _go_on(row)
    return row


def _go_on(batch: Batch) -> None:
    jobs.enqueue(JOB, {"id": str(batch.pk)}, key=str(batch.pk))
