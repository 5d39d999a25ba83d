"""Calls and messages on the console's home page: figures, failures, the call that ends the first
visit.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava.console.home import Facts, Kind, Part, Step
from telephony.models import Call, Message


def _calls(user: User) -> QuerySet[Any]:
    return Call.objects.filter(owner=user)


def _messages(user: User) -> QuerySet[Any]:
    return Message.objects.filter(owner=user)


ANSWERED = "a call was answered"


def answered(user: User) -> QuerySet[Any]:
    """Calls that end the first visit: those that failed do not."""
    return _calls(user).filter(status__in=("in-progress", "completed"))


KINDS = (
    Kind("Calls", "Call to", "calls", _calls, ("failed",), "to", place=20),
    Kind(
        "Messages", "Message to", "messages", _messages, ("failed", "undelivered"), "to", place=30
    ),
)


def part(user: User, now: datetime, facts: Facts) -> Part:
    step = Step(
        4,
        "Place a call to yourself",
        "You see it ring, being answered and end, live.",
        ANSWERED in facts.true,
        "Place call",
        "calls",
    )
    return Part(steps=[step])
