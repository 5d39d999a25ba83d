"""Orphaned accounts: calls and messages under way whose Twilio keys are stored no more.

AVA can neither prove that Twilio's reports of it are Twilio's, nor ask how it ends. The
answer to a change of keys says so, and so does each row, until the keys are stored again.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import CharField, Count, Q, QuerySet, Value
from django.utils import timezone

from ava import jobs, tenant
from ava.jobs.services import enqueue
from telephony import accounts
from telephony.calls.models import Call
from telephony.errors import TwilioAccountGone
from telephony.intents import followup, settling
from telephony.intents.channel import Account
from telephony.intents.models import Communication
from telephony.intents.timeline import Source, lock, note
from telephony.messages import bulk_job
from telephony.messages.models import Message

JOB = "telephony.account"


def register() -> None:
    """Register the job."""
    jobs.register(JOB, lambda payload: update_rows(payload["user"]))


def warnings(user: User) -> list[str]:
    """A sentence for each account that calls or messages of the user are under way with, and
    whose keys are stored no more."""
    calls, messages = (
        rows.order_by()
        .annotate(word=Value(rows.model.word, output_field=CharField()))
        .values_list("account_sid", "holder", "word")
        .annotate(number=Count("pk"))
        for rows in _under_way(user)
    )
    under_way = list(calls.union(messages, all=True))
    # The keys are read only where something is under way.
    known = accounts.reachable(user) if under_way else set()
    counted: dict[str, Counter[str]] = {}
    for sid, holder, word, number in under_way:
        if Account(sid, holder) not in known:
            counted.setdefault(sid, Counter())[word] += number
    return [_sentence(sid, counts) for sid, counts in sorted(counted.items())]


def changed(user: User) -> None:
    """The user's keys have changed: update their rows, and have held batches look again."""
    bulk_job.look_again(user)
    if any(rows.exists() for rows in _under_way(user)):
        enqueue(JOB, {"user": user.pk}, key=str(user.pk), tenant=tenant.of(user))


def update_rows(user_id: int) -> None:
    """Let each row under way say that AVA cannot look after it, or that it can again."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    known = accounts.reachable(user)
    for rows in _under_way(user):
        for row in rows:
            gone = TwilioAccountGone(row.account_sid)
            if Account(row.account_sid, row.holder) not in known:
                settling.explain(row, gone, timezone.now())
            elif row.error == gone.detail:
                _take_up(row)


def _under_way(user: User) -> Iterator[QuerySet[Any]]:
    """Rows that may be at Twilio and have not ended, nor been given up."""
    long_ago = timezone.now() - settling.FORGOTTEN
    for model in (Call, Message):
        machine = model.machine
        yield (
            QuerySet(model)
            .filter(Q(attempt__gt=0) | Q(provider_sid__isnull=False), owner=user)
            .exclude(account_sid="")
            .exclude(status__in=machine.final)
            .exclude(status__in=machine.resting, updated_at__lt=long_ago)
        )


@transaction.atomic
def _take_up(row: Communication) -> None:
    locked = lock(row)
    locked.error = ""
    locked.save(update_fields=["error"])
    now = timezone.now()
    said = "The keys of its Twilio account are stored again: AVA looks after it."
    note(locked, source=Source.RECONCILE, detail=said, now=now)
    followup.follow_up(locked, due_at=now)


def _sentence(account_sid: str, counts: Counter[str]) -> str:
    what = " and ".join(f"{n} {word if n == 1 else f'{word}s'}" for word, n in counts.items())
    are, they_end = ("is", "it ends") if counts.total() == 1 else ("are", "they end")
    return (
        f"{what} of the Twilio account ...{account_sid[-4:]} {are} still under way. "
        f"AVA cannot learn how {they_end} without the keys of that account."
    )
