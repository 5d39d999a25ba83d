"""Orphaned accounts: calls and messages under way whose Twilio keys are stored no more, which AVA
can neither ask about nor believe reports of."""

from collections import Counter, defaultdict

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet, Value
from django.utils import timezone

from ava import tenant
from ava.intents.timeline import Source, changing, follow_up, note
from ava.jobs.services import enqueue
from telephony import accounts
from telephony.calls.models import Call
from telephony.errors import TwilioAccountGone
from telephony.intents import settling
from telephony.intents.channel import Account
from telephony.intents.models import Communication
from telephony.intents.timeline import AnyCommunication
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.queries import unfinished

JOB = "telephony.account"


def warnings(user: User) -> list[str]:
    """A sentence for each orphaned account of the user."""
    calls, messages = (
        rows.order_by()
        .annotate(what=Value(rows.model.word))
        .values_list("account_sid", "holder", "what")
        .annotate(number=Count("pk"))
        for rows in (_under_way(Call, user), _under_way(Message, user))
    )
    under_way = list(calls.union(messages, all=True))
    # The keys are read only where something is under way.
    known = accounts.reachable(user) if under_way else set()
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for sid, holder, word, number in under_way:
        if Account(sid, holder) not in known:
            counted[sid][word] += number
    return [_sentence(sid, counts) for sid, counts in sorted(counted.items())]


def changed(user: User) -> None:
    """The user's keys have changed: update their rows, and have held batches look again."""
    bulk_job.look_again(user)
    if _under_way(Call, user).exists() or _under_way(Message, user).exists():
        enqueue(JOB, {"user": user.pk}, key=str(user.pk), tenant=tenant.key(user.pk))


def update_rows(user_id: int) -> None:
    """Set or clear, on each row under way, the error that AVA cannot look after it."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    known = accounts.reachable(user)
    for row in [*_under_way(Call, user), *_under_way(Message, user)]:
        gone = TwilioAccountGone(row.account_sid)
        if Account(row.account_sid, row.holder) not in known:
            settling.explain(row, gone, timezone.now())
        elif row.error == gone.detail:
            _take_up(row)


def _under_way(model: type[AnyCommunication], user: User) -> QuerySet[AnyCommunication]:
    """The user's calls or messages that may be at Twilio, and are not over."""
    begun = Q(attempt__gt=0) | Q(provider_sid__isnull=False)
    return unfinished(model).filter(begun, owner=user).exclude(account_sid="")


def _take_up(row: Communication) -> None:
    now = timezone.now()
    detail = "The keys of its Twilio account are stored again: AVA looks after it."
    with changing(row) as locked:
        locked.error = ""
        note(locked, source=Source.RECONCILE, detail=detail, now=now)
        follow_up(locked, due_at=now)


def _sentence(account_sid: str, counts: Counter[str]) -> str:
    what = " and ".join(f"{n} {word if n == 1 else f'{word}s'}" for word, n in counts.items())
    are, they_end = ("is", "it ends") if counts.total() == 1 else ("are", "they end")
    return (
        f"{what} of the Twilio account ...{account_sid[-4:]} {are} still under way. "
        f"AVA cannot learn how {they_end} without the keys of that account."
    )
