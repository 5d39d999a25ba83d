"""Opt-outs: STOP, START and HELP.

The words are those that Twilio itself answers and obeys for a long code
(https://help.twilio.com/articles/223134027); AVA keeps the same list, to refuse before it sends.
An account may have words of its own in Twilio's Advanced Opt-Out: then Twilio says what one means
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from telephony.errors import OptedOut
from telephony.messages.models import OptOut

STOP = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke")
START = ("start", "yes", "unstop")
HELP = ("help", "info")


def is_opt_out(texts: Iterable[str]) -> bool | None:
    """Whether a message is a STOP (True), a START (False), or neither (None).

    Args:
        texts: Twilio's OptOutType and the body; the first that is one of the words counts.
    """
    for text in texts:
        word = text.strip().strip(".!\"'").lower()
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


def refuse(*, holder: str, number: str, person: str) -> None:
    """Raises OptedOut: the person wants no messages of this number."""
    if OptOut.objects.filter(holder=holder, number=number, person=person, stopped=True).exists():
        raise OptedOut
