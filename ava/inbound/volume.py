"""Daily volume of an account's webhooks, bounded so that none fills the disk."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F

from ava.inbound.errors import WebhooksSpent
from ava.inbound.models import Volume

OVERHEAD = 1024
"""Bytes that a delivery takes besides its payload: its row, the indexes, its job."""
MIB = 1024 * 1024
_WARNED_FROM = 0.9
_NOT_FOR_WHAT_CAN_BE_ASKED = 4
"""One of so many parts of a day."""


def add(
    *, provider: str, owner: User | None, size: int, now: datetime, can_be_asked: bool = False
) -> None:
    """Count a delivery that is about to be kept; in its transaction.

    Args:
        size: bytes of its payload.
        can_be_asked: as in `Verified`.

    Raises:
        WebhooksSpent: it does not fit into the account's day.
    """
    account: dict[str, Any] = {
        "day": now.astimezone(UTC).date(),
        "provider": provider,
        "owner": owner,
    }
    size += OVERHEAD
    most = _most() - (_most() // _NOT_FOR_WHAT_CAN_BE_ASKED if can_be_asked else 0)
    fitting = Volume.objects.filter(**account, size__lte=most - size)
    counted = {"size": F("size") + size, "deliveries": F("deliveries") + 1}
    if fitting.update(**counted):
        return
    # The first one of a day, or one of several first ones.
    Volume.objects.get_or_create(**account)
    if not fitting.update(**counted):
        raise WebhooksSpent(retry_after=_until_midnight(now))


def warnings(*, provider: str, name: str, owner: User, now: datetime) -> list[str]:
    """Sentences for the user, when their day is nearly used up.

    Args:
        name: the provider's, as in sentences.
    """
    today = Volume.objects.filter(
        day=now.astimezone(UTC).date(), provider=provider, owner=owner
    ).first()
    if today is None or today.size < _WARNED_FROM * _most():
        return []
    return [
        f"Webhooks of {name} have used {100 * today.size // _most()} % of the "
        f"{_most() // MIB} MiB that AVA keeps of them in a day. What does not fit any more is "
        "refused until midnight, UTC."
    ]


def _most() -> int:
    return int(settings.WEBHOOK_MIB_PER_DAY) * MIB


def _until_midnight(now: datetime) -> float:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1) - now).total_seconds()
