"""Opt-outs: people who want no calls and messages. STOP, START and HELP, and a user's own list.

The words are those that Twilio itself answers and obeys for a long code
(https://help.twilio.com/articles/223134027); AVA keeps the same list, to refuse before it sends.
An account may have words of its own in Twilio's Advanced Opt-Out: then Twilio says what one means
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).

An opt-out covers all that a user sends, by whatever number: the law knows no sender's numbers. A
person's latest word holds. A STOP to the operator's number holds for all whom the operator serves.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from ava.conf.pasted import plain
from telephony import accounts
from telephony.errors import OptedOut, OptOutNotFound, OptOutNotYours
from telephony.optouts.models import OptOut
from telephony.optouts.queries import standing

STOP = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke")
START = ("start", "yes", "unstop")
HELP = ("help", "info")
BY_HAND = ""  # in place of a number: entered by the user


def is_opt_out(texts: Iterable[str]) -> bool | None:
    """Whether a message is a STOP (True), a START (False), or neither (None).

    Args:
        texts: Twilio's OptOutType and the body; the first that is one of the words counts.
    """
    for text in texts:
        word = plain(text).strip(".!\"' ").lower()
        if word in (*STOP, *START, *HELP):
            return None if word in HELP else word in STOP
    return None


def record(
    *, stopped: bool, holders: Sequence[str], number: str, person: str, at: datetime
) -> None:
    """Record what a person wrote to a number, for all who speak for its account. Whatever order it
    is recorded in, the latest holds."""
    pair, latest = {"number": number, "person": person}, {"stopped": stopped, "at": at}
    new = [OptOut(holder=holder, **pair, **latest) for holder in holders]
    OptOut.objects.bulk_create(new, ignore_conflicts=True)
    OptOut.objects.filter(holder__in=holders, at__lt=at, **pair).update(**latest)


def refuse(*, holders: Collection[str], person: str) -> None:
    """Raises OptedOut: the person wants no calls and messages of one of the holders."""
    if found := standing(holders=holders, people=[person]).get(person):
        raise refusal(found)


def refusal(optouts: Iterable[OptOut]) -> OptedOut:
    """Problem to raise where these opt-outs of a person stand."""
    return OptedOut(by_hand=all(one.number == BY_HAND for one in optouts))


def add(*, user: User, person: str) -> tuple[OptOut, bool]:
    """The person's opt-out from all that the user sends, and whether it is new."""
    holder = str(user.pk)
    if known := standing(holders=[holder], people=[person]).get(person):
        return known[0], False
    record(stopped=True, holders=[holder], number=BY_HAND, person=person, at=timezone.now())
    return OptOut.objects.get(holder=holder, number=BY_HAND, person=person), True


def remove(*, user: User, person: str) -> None:
    """End a person's opt-out.

    Raises:
        OptOutNotFound: there is none.
        OptOutNotYours: they wrote STOP to the operator's number.
    """
    own = str(user.pk)
    found = standing(holders=accounts.holders(user), people=[person]).get(person, [])
    if any(one.holder != own for one in found):
        raise OptOutNotYours
    if not found:
        raise OptOutNotFound
    record(stopped=False, holders=[own], number=BY_HAND, person=person, at=timezone.now())
