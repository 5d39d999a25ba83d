"""Messages and batches of a user, read."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet

from telephony.errors import BatchNotFound, MessageNotFound
from telephony.messages.bulk import STORING
from telephony.messages.models import Batch, Message
from telephony.queries import filtered


def messages(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Message]:
    """The user's messages with their timelines, the newest first."""
    found = filtered(Message.objects.filter(owner=user), filters, searched="body")
    return found.prefetch_related("timeline")


def message(*, user: User, message_id: uuid.UUID) -> Message:
    """One of the user's messages.

    Raises:
        MessageNotFound: there is none, or it is somebody else's.
    """
    found = Message.objects.filter(owner=user, pk=message_id).select_related("owner").first()
    if found is None:
        raise MessageNotFound
    return found


def batches(*, user: User) -> QuerySet[Batch]:
    """The user's batches, the newest first, but for those that are just being stored."""
    return Batch.objects.filter(owner=user).exclude(STORING)


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


def batch(*, user: User, batch_id: uuid.UUID) -> Batch:
    """One of the user's batches.

    Raises:
        BatchNotFound: there is none, or it is somebody else's.
    """
    found = batches(user=user).filter(pk=batch_id).first()
    if found is None:
        raise BatchNotFound
    return found
