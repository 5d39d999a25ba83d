"""Reading messages."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from telephony.errors import BatchNotFound, MessageNotFound
from telephony.filtering import filtered
from telephony.messages.models import Batch, Message


def messages(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Message]:
    """The user's messages with their timelines, the newest first."""
    return filtered(Message.objects.filter(owner=user), filters).prefetch_related("timeline")


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
    """The user's batches, the newest first."""
    return Batch.objects.filter(owner=user)


def batch(*, user: User, batch_id: uuid.UUID) -> Batch:
    """One of the user's batches.

    Raises:
        BatchNotFound: there is none, or it is somebody else's.
    """
    found = batches(user=user).filter(pk=batch_id).first()
    if found is None:
        raise BatchNotFound
    return found
