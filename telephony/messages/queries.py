"""Messages and batches of a user, read."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet

from ava.http.keyset import Scan
from telephony.errors import BatchNotFound, MessageNotFound
from telephony.messages.bulk import STORING
from telephony.messages.models import Batch, Message
from telephony.queries import filtered, one_of


def messages(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Message] | Scan:
    """The user's messages, the newest first."""
    return filtered(Message.objects.defer("details"), filters, user=user)


def message(*, user: User, message_id: uuid.UUID) -> Message:
    """One of the user's messages. Raises: MessageNotFound."""
    mine = Message.objects.filter(owner=user).select_related("owner")
    return one_of(mine, message_id, MessageNotFound)


def batches(*, user: User) -> QuerySet[Batch]:
    """The user's batches, the newest first, but for those that are just being stored."""
    return Batch.objects.filter(owner=user).exclude(STORING)


def batch(*, user: User, batch_id: uuid.UUID) -> Batch:
    """One of the user's batches. Raises: BatchNotFound."""
    return one_of(batches(user=user).defer(None), batch_id, BatchNotFound)


def count(batches: Iterable[Batch]) -> list[Batch]:
    """The same, each with its `progress`: one query, however many they are."""
    rows = list(batches)
    found = Message.objects.filter(batch__in=rows).values_list("batch", "status")
    counted: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    for key, status, number in found.annotate(Count("id")).order_by("status"):
        counted[key][status] = number
    for row in rows:
        row.progress = counted[row.pk]
    return rows
