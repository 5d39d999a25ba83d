"""Conversation with one person: their messages and the user's, in order."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from django.contrib.auth.models import User

from telephony import accounts
from telephony.addresses import person
from telephony.messages.models import Message
from telephony.optouts.models import OptOut
from telephony.optouts.queries import standing

SHOWN: Final = 50


@dataclass(frozen=True)
class Conversation:
    number: str
    messages: list[Message]  # the oldest first
    older: datetime | None  # there are more before this moment
    optouts: list[OptOut]  # that stand: they get no more

    @property
    def ours(self) -> str:
        """The number of the user's that was last in use."""
        if not self.messages:
            return ""
        last = self.messages[-1]
        return last.to if _is_inbound(last) else last.from_number


def conversation(*, user: User, number: str, before: datetime | None = None) -> Conversation:
    """The newest messages with an address, or the newest before a moment. Each direction is read
    from an index of its own."""
    mine = Message.objects.filter(owner=user).defer("details")
    if before:
        mine = mine.filter(created_at__lt=before)
    sent = mine.filter(to=number, direction=Message.Direction.OUTBOUND)
    received = mine.filter(from_number=number, direction=Message.Direction.INBOUND)
    both = [*chain(sent[: SHOWN + 1], received[: SHOWN + 1])]
    both.sort(key=lambda row: (row.created_at, row.pk), reverse=True)
    rows = both[:SHOWN][::-1]
    who = person(number)
    stopped = standing(holders=accounts.holders(user), people=[who]).get(who, [])
    return Conversation(
        number=number,
        messages=rows,
        older=rows[0].created_at if len(both) > SHOWN else None,
        optouts=stopped,
    )


def _is_inbound(row: Message) -> bool:
    return row.direction == Message.Direction.INBOUND
