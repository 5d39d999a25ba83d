"""Who wants no messages: STOP, START and HELP.

The words are those that Twilio itself answers and obeys for a long code
(https://help.twilio.com/articles/223134027); AVA keeps the same list, to refuse before it sends.
An account may have words of its own in Twilio's Advanced Opt-Out: then Twilio tells what one means
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from telephony.errors import OptedOut
from telephony.messages.models import OptOut

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
START = frozenset({"start", "yes", "unstop"})
HELP = frozenset({"help", "info"})

Wish = Literal["stop", "start", "help"]


def wish_of(body: str, *, told: str = "") -> Wish | None:
    """What a message that came in asks for: the word must be all there is.

    Args:
        told: Twilio's OptOutType: STOP, START, HELP, or nothing. It goes before the word.
    """
    return _meaning(told) or _meaning(body)


def _meaning(text: str) -> Wish | None:
    word = text.strip().strip(".!\"'").lower()
    if word in STOP:
        return "stop"
    if word in START:
        return "start"
    return "help" if word in HELP else None


def take(
    wish: Wish | None, *, holders: Sequence[str], number: str, person: str, at: datetime
) -> None:
    """Keep what a person wrote to a number, for everybody who speaks for its account.

    Args:
        at: when it came. Of wishes that are taken in another order, or again, the latest holds.
    """
    if wish not in ("stop", "start"):
        return
    wanted = {"stopped": wish == "stop", "at": at}
    for holder in holders:
        row, new = OptOut.objects.get_or_create(
            holder=holder, number=number, person=person, defaults=wanted
        )
        if not new:
            OptOut.objects.filter(pk=row.pk, at__lt=at).update(**wanted)


def refuse(*, holder: str, number: str, person: str) -> None:
    """Raises OptedOut: the person wants no messages of this number."""
    if OptOut.objects.filter(holder=holder, number=number, person=person, stopped=True).exists():
        raise OptedOut
