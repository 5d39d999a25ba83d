"""Batches: messages to many, stored at once, sent one after the other at a pace, paused and ended.

Their rows are written in many short transactions: other writers get their turn in between. While it
is stored a batch is canceled and has no end, which no other batch is: no release sends anything of
it, and no list shows it. What a crash leaves of it is deleted.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from operator import itemgetter

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ava.http import correlation
from ava.http.problems import Problem
from ava.idempotency.services import InProgress
from ava.intents.states import CANCELED, SCHEDULED, UNSENT
from ava.intents.timeline import Source
from ava.jobs.pruning import delete_in_batches
from integrations.credentials import allowance
from telephony import accounts, senders
from telephony.errors import BatchEnded, BatchesSpent
from telephony.messages import bulk_job
from telephony.messages.models import Batch, Message, MessageEntry
from telephony.optouts import queries as optouts
from telephony.optouts.services import refusal

MOST = 10_000
# Messages of a user's batches that are stored in 24 hours, so that none fills the disk. One long
# code sends 86,400 in that time.
MOST_IN_A_DAY = 100_000
CHUNK = 400  # rows of a transaction: SQLite's one writer takes some 0.1 s for them
ABANDONED = timedelta(minutes=10)  # by then the request that stored it has ended long ago
State = Batch.State
GOING_ON = (State.RUNNING, State.PAUSED)
STORING = Q(state=State.CANCELED, finished_at__isnull=True)


Rejected = dict[str, str | int]
LONGEST_SHOWN = 64  # characters of what was given as a recipient, and is none


@dataclass(frozen=True)
class Item:
    """A recipient (E.164), the text, and where the caller's list has them."""

    index: int
    to: str
    body: str


def rejected(index: int, to: str, code: str, detail: str) -> Rejected:
    """A recipient that is left out, as batches keep and show it."""
    return {"index": index, "to": to, "code": code, "detail": detail}


def start(
    *,
    user: User,
    items: Sequence[Item],
    rejected: Sequence[Rejected],
    per_minute: int,
    from_number: str | None = None,
    idempotency: uuid.UUID | None = None,
    dry_run: bool = False,
) -> Batch:
    """Store a batch; its messages are sent from now on, each exactly once.

    Args:
        rejected: recipients that are left out already. Those who opted out join them.
        per_minute: the pace; batches of one sender share it.
        idempotency: of the Idempotency-Key; a batch that was begun under it is returned.
        dry_run: check everything, and store nothing.

    Raises: AllowanceSpent, BatchesSpent, CredentialsMissing, OptedOut, SenderAmbiguous,
        ValidationFailed, ProviderProblem.
    """
    begun = Batch.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun and not discard(begun):
        return Batch.objects.get(pk=begun.pk)
    now = timezone.now()
    _require_space(user, len(items), now)
    credentials, account = accounts.serving(user)
    sender = senders.choose(credentials, from_number, use="sms")
    holders = {account.holder, str(user.pk)}
    accepted, refused = _sorted_out(items, sender=sender, holders=holders)
    batch = Batch(
        owner=user,
        from_number=sender,
        per_minute=per_minute,
        rejected=sorted([*rejected, *refused], key=itemgetter("index")),
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    messages = (
        Message(
            owner=user,
            batch=batch,
            place=place,
            to=to,
            from_number=sender,
            body=body,
            status=SCHEDULED,
            account_sid=account.sid,
            holder=account.holder,
            correlation_id=batch.correlation_id,
        )
        for place, (to, body) in enumerate(accepted)
    )
    spending = allowance.spend(user=user, credentials=credentials, units=len(accepted), now=now)
    if dry_run:
        with transaction.atomic(), spending:
            transaction.set_rollback(True)
        batch.progress = {SCHEDULED: len(accepted)}
        return batch
    with spending:
        store(batch, messages)
    return batch


def _sorted_out(
    items: Sequence[Item], *, sender: str, holders: Collection[str]
) -> tuple[list[tuple[str, str]], list[Rejected]]:
    """Recipients and texts to send, and who is left out. Raises OptedOut, ValidationFailed: that is
    everybody."""
    people = list(dict.fromkeys(one.to for one in items))
    problems: dict[str, Problem] = {}
    for person in people:
        if unreached := senders.refusal(sender, person):
            problems[person] = unreached
    standing = optouts.standing(holders=holders, people=people)
    problems |= {person: refusal(found) for person, found in standing.items()}
    if len(problems) == len(people):
        raise problems[people[0]]
    refused = [
        rejected(one.index, one.to, problem.code, _sentence(problem))
        for one in items
        if (problem := problems.get(one.to))
    ]
    # One person gets the same text once, however often they are in the list.
    accepted = dict.fromkeys((one.to, one.body) for one in items if one.to not in problems)
    return list(accepted), refused


def _sentence(problem: Problem) -> str:
    return " ".join(chain.from_iterable((problem.errors or {}).values())) or problem.detail


def pause(batch: Batch) -> Batch:
    """Send no more for now. Raises: BatchEnded."""
    return _turn(batch, State.PAUSED)


def resume(batch: Batch) -> Batch:
    """Go on. Raises: BatchEnded."""
    return _turn(batch, State.RUNNING)


def cancel(batch: Batch) -> Batch:
    """Send no more at all; what has been sent stays sent. Raises: BatchEnded."""
    now = timezone.now()
    row = _turn(batch, State.CANCELED, finished_at=now)
    _cancel_unsent(row, now)
    return row


def _turn(batch: Batch, state: str, finished_at: datetime | None = None) -> Batch:
    with transaction.atomic():
        row = Batch.objects.defer(None).select_for_update().get(pk=batch.pk)
        if row.state not in GOING_ON:
            raise BatchEnded
        row.state, row.finished_at, row.held_at, row.error = state, finished_at, None, ""
        row.save(update_fields=["state", "finished_at", "held_at", "error"])
        if state == State.RUNNING:
            bulk_job.enqueue(row)
    return row


def _require_space(user: User, count: int, now: datetime) -> None:
    lately = Message.objects.filter(owner=user, created_at__gt=now - timedelta(days=1))
    left = MOST_IN_A_DAY - lately.filter(batch__isnull=False).count()
    if count > left:
        raise BatchesSpent(most=MOST_IN_A_DAY, left=max(left, 0))


def store(batch: Batch, messages: Iterable[Message]) -> None:
    """Store a new batch and its messages, and start it with the last of them. Raises: InProgress,
    where another request has taken its Idempotency-Key over; nothing is sent."""
    batch.state = State.CANCELED
    batch.save(force_insert=True)
    rest = iter(messages)
    while chunk := list(islice(rest, CHUNK)):
        with transaction.atomic():
            _require_storing(batch)
            Message.objects.bulk_create(chunk)
    with transaction.atomic():
        _require_storing(batch)
        batch.state = State.RUNNING
        batch.save(update_fields=["state"])
        bulk_job.enqueue(batch)


def _require_storing(batch: Batch) -> None:
    if not Batch.objects.select_for_update().filter(STORING, pk=batch.pk).exists():
        raise InProgress


def discard(batch: Batch) -> bool:
    """Delete what there is of a batch that is not all stored; a request that still stores it fails.
    False: it is all stored, and its messages go out."""
    # First, so that it never starts: what is deleted while it goes out would go out once more.
    ended = {"finished_at": timezone.now(), "idempotency": None}
    if not Batch.objects.filter(STORING, pk=batch.pk).update(**ended):
        return False
    delete_in_batches(Message.objects.filter(batch=batch))
    Batch.objects.filter(pk=batch.pk).delete()
    return True


def sweep() -> None:
    """Delete or end what killed requests have left half done."""
    now = timezone.now()
    for batch in Batch.objects.filter(STORING, created_at__lt=now - ABANDONED):
        discard(batch)
    lately = now - timedelta(days=1)
    for batch in Batch.objects.filter(state=State.CANCELED, finished_at__gte=lately):
        _cancel_unsent(batch, now)


def _cancel_unsent(batch: Batch, now: datetime) -> None:
    """End all of a canceled batch that no attempt was made for: none begins any more."""
    unsent = batch.messages.filter(status__in=UNSENT, provider_sid=None, attempted_at=None)
    entry = {
        "at": now,
        "status": CANCELED,
        "source": Source.USER,
        "detail": "The batch was canceled.",
        "correlation_id": correlation.current() or batch.correlation_id,
    }
    while True:
        with transaction.atomic():
            locked = unsent.order_by().select_for_update()
            keys = list(locked.values_list("pk", flat=True)[:CHUNK])
            if not keys:
                return
            Message.objects.filter(pk__in=keys).update(status=CANCELED, updated_at=now)
            MessageEntry.objects.bulk_create(MessageEntry(intent_id=key, **entry) for key in keys)
