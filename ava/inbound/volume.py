"""Daily volume of an account's webhooks, bounded so that none fills the disk."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F

from ava.inbound.errors import WebhooksSpent
from ava.inbound.models import Volume

# Bytes that a delivery takes besides its payload: its row, the indexes, its job.
OVERHEAD = 1024
MIB = 1024 * 1024
_WARNED_FROM = 0.9
# Of a day, for what AVA can ask for as well.
_SHARE_OF_WHAT_CAN_BE_ASKED = 0.75


def add(*, provider: str, owner: User | None, size: int, now: datetime, can_be_asked: bool) -> None:
    """Count a delivery that is about to be kept, in its transaction. Raises: WebhooksSpent."""
    today = now.astimezone(UTC)
    account: dict[str, Any] = {"day": today.date(), "provider": provider, "owner": owner}
    size += OVERHEAD
    most = int(_most() * _SHARE_OF_WHAT_CAN_BE_ASKED) if can_be_asked else _most()
    fitting = Volume.objects.filter(**account, size__lte=most - size)
    counted = {"size": F("size") + size, "deliveries": F("deliveries") + 1}
    if fitting.update(**counted):
        return
    # The first one of a day, or one of several first ones.
    Volume.objects.bulk_create([Volume(**account)], ignore_conflicts=True)
    if not fitting.update(**counted):
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        raise WebhooksSpent(retry_after=(midnight - now).total_seconds())


def warnings(*, provider: str, name: str, owner: User, now: datetime) -> list[str]:
    """Sentences for the user when their day is nearly used up; `name` is the provider's there."""
    day = now.astimezone(UTC).date()
    today = Volume.objects.filter(day=day, provider=provider, owner=owner).first()
    if today is None or today.size < _WARNED_FROM * _most():
        return []
    return [
        f"Webhooks of {name} have used {100 * today.size // _most()} % of the "
        f"{_most() // MIB} MiB that AVA keeps of them in a day. What does not fit any more is "
        "refused until midnight, UTC."
    ]


def _most() -> int:
    return int(settings.WEBHOOK_MIB_PER_DAY) * MIB
