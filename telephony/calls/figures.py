"""Figures of a user's calls: by day and outcome, and what they cost by assistant and number."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Case, Count, F, Sum, When
from django.db.models.functions import TruncDate

from telephony.calls.models import Call

MOST: Final = 10_000
"""Calls that are looked at, the newest: more would cost a page too long."""

ANSWERED, UNANSWERED, FAILED, OPEN = "answered", "no answer", "failed", "going on"
OUTCOMES: Final = {
    "completed": ANSWERED,
    "busy": UNANSWERED,
    "no-answer": UNANSWERED,
    "failed": FAILED,
    "canceled": FAILED,
}


@dataclass(frozen=True)
class Figures:
    """`currency` is the one that most was paid in; what was paid in others is left out."""

    since: datetime
    is_cut: bool  # there were more than MOST: the older ones are left out
    outcomes: Mapping[date, Mapping[str, int]]
    currency: str
    by_assistant: Mapping[str, Decimal]  # by its ID; "" for calls without one
    by_number: Mapping[str, Decimal]  # of the user's
    others: int  # calls paid in other currencies


def figures(*, user: User, since: datetime) -> Figures:
    """Figures of the user's calls since a moment, in three statements along the index of time."""
    mine = Call.objects.filter(owner=user, created_at__gte=since)
    newest = mine.order_by("-created_at", "-id").values_list("created_at", flat=True)
    edge = next(iter(newest[MOST : MOST + 1]), None)
    if edge:
        mine = mine.filter(created_at__gt=edge)
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    # With the statuses named, the index by status is read from the first day on, not whole.
    named = mine.filter(status__in=Call.machine.ranks)
    days = named.annotate(day=TruncDate("created_at")).values_list("day", "status")
    for day, status, number in days.annotate(Count("pk")).order_by():
        by_day[day][OUTCOMES.get(status, OPEN)] += number
    line = Case(When(direction=Call.Direction.INBOUND, then=F("to")), default=F("from_number"))
    paid = mine.filter(price__isnull=False).annotate(line=line)
    groups = paid.values_list("price_unit", "assistant_id", "line")
    costs = list(groups.annotate(Sum("price"), Count("pk")).order_by())
    calls: Counter[str] = Counter()
    for unit, *_, number in costs:
        calls[unit] += number
    currency = calls.most_common(1)[0][0] if calls else "USD"
    by_assistant: Counter[str] = Counter()
    by_number: Counter[str] = Counter()
    for unit, assistant, number, cost, _ in costs:
        if unit == currency:
            by_assistant[assistant] += abs(cost)
            by_number[number] += abs(cost)
    return Figures(
        since=edge or since,
        is_cut=edge is not None,
        outcomes=by_day,
        currency=currency,
        by_assistant=by_assistant,  # type: ignore[arg-type]  # Counter knows no Decimal
        by_number=by_number,  # type: ignore[arg-type]  # as above
        others=calls.total() - calls[currency],
    )
