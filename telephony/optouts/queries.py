"""Opt-outs of a user, read."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from telephony.addresses import without_channel
from telephony.optouts.models import OptOut

_AT_ONCE: Final = 400  # people of one query: SQLite takes no more than some thousand parameters


def optouts(*, user: User, search: str = "") -> QuerySet[OptOut]:
    """The user's opt-outs that stand, the newest first."""
    later = OptOut.objects.filter(holder=OuterRef("holder"), person=OuterRef("person")).filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), id__gt=OuterRef("id"))
    )
    found = OptOut.objects.filter(~Exists(later), holder=str(user.pk), stopped=True)
    return found.filter(person__icontains=without_channel(search)) if search else found


def standing(*, holders: Collection[str], people: Sequence[str]) -> dict[str, list[OptOut]]:
    """Opt-outs that stand, by person: the latest word to each holder, where it is a STOP."""
    found: dict[str, Any] = defaultdict(list)
    for first in range(0, len(people), _AT_ONCE):
        rows = OptOut.objects.filter(
            holder__in=holders, person__in=people[first : first + _AT_ONCE]
        )
        latest = {(row.person, row.holder): row for row in rows.order_by("at", "id")}
        for row in latest.values():
            if row.stopped:
                found[row.person].append(row)
    return dict(found)
