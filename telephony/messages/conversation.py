"""Conversation with one person, their messages and the user's in order; the list of them all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery

from ava.http.keyset import Scan
from telephony import accounts
from telephony.addresses import person
from telephony.messages.models import Message, Person
from telephony.optouts.models import OptOut
from telephony.optouts.queries import standing
from telephony.queries import filtered

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
        return last.to if last.is_inbound else last.from_number


def conversation(*, user: User, number: str, before: datetime | None = None) -> Conversation:
    """The newest messages with an address, or the newest before a moment."""
    with_them = _messages().filter(owner=user, with_whom=number)
    if before:
        with_them = with_them.filter(created_at__lt=before)
    newest = [*with_them[: SHOWN + 1]]
    rows = newest[:SHOWN][::-1]
    who = person(number)
    stopped = standing(holders=accounts.holders(user), people=[who]).get(who, [])
    return Conversation(
        number=number,
        messages=rows,
        older=rows[0].created_at if len(newest) > SHOWN else None,
        optouts=stopped,
    )


def conversations(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Message] | Scan:
    """The latest message with each person, the newest first.

    Args:
        filters: `since` and `until`; `search`, a part of the person's address.
    """
    with_them = _messages().filter(owner=OuterRef("owner"), with_whom=OuterRef("with_whom"))
    # Not "of which no later one exists": PostgreSQL may make a join of that, and compare all.
    latest = Q(pk=Subquery(with_them.values("pk")[:1]))
    text = filters.get("search", "")
    if text:
        latest &= Q(with_whom__icontains=text)
    found = filtered(_messages(), filters, user=user)
    if isinstance(found, Scan):
        return Scan(found.rows, found.match & latest)
    return found.filter(latest) if text else Scan(found, latest)


def _messages() -> Any:
    return Message.objects.defer("details").alias(with_whom=Person())
