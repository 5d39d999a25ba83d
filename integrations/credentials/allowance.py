"""Daily allowance of a user who is served by the operator's credentials."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F

from ava.http.problems import Problem
from integrations.credentials.errors import AllowanceSpent
from integrations.credentials.models import OperatorUse
from integrations.credentials.providers import PROVIDERS
from integrations.credentials.store import Credentials

COUNTED = ("vapi", "twilio", "resend", "smtp")
"""Providers whose use costs money for each call, message or recipient of a mail."""


@dataclass(frozen=True)
class Allowance:
    """Allowance left today with the operator's credentials, until midnight UTC."""

    limit: int
    left: int
    resets_at: datetime


@contextmanager
def spend(*, user: User, credentials: Credentials, units: int, now: datetime) -> Iterator[None]:
    """Count calls, messages or mails placed inside of the `with`; none with the user's own
    credentials.

    A `Problem` that is raised inside means that nothing was placed. Raises: AllowanceSpent.
    """
    if credentials.source == "user":
        yield
        return
    key = {"user_id": user.pk, "provider": credentials.provider, "day": _day(now)}
    # Of several at once, the unique constraint lets one insert the row.
    OperatorUse.objects.bulk_create([OperatorUse(**key)], ignore_conflicts=True)
    today = OperatorUse.objects.filter(**key)
    limit = settings.ENV_CREDENTIALS_PER_DAY
    if not today.filter(count__lte=limit - units).update(count=F("count") + units):
        left = max(limit - today.values_list("count", flat=True)[0], 0)
        raise AllowanceSpent(
            PROVIDERS[credentials.provider],
            limit=limit,
            left=left,
            units=units,
            seconds=(_midnight(now) - now).total_seconds(),
        )
    try:
        yield
    except Problem:
        today.update(count=F("count") - units)
        raise


def left(*, user: User, now: datetime) -> Mapping[str, Allowance]:
    limit = settings.ENV_CREDENTIALS_PER_DAY
    today = OperatorUse.objects.filter(user_id=user.pk, day=_day(now))
    used = dict(today.values_list("provider", "count"))
    return {
        provider: Allowance(limit, max(limit - used.get(provider, 0), 0), _midnight(now))
        for provider in COUNTED
    }


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _midnight(now: datetime) -> datetime:
    return datetime.combine(_day(now) + timedelta(days=1), time(), UTC)
