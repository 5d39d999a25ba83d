"""Calls of a user, read."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ava.http.keyset import Scan
from ava.inbound.models import Delivery
from telephony.calls.models import Call
from telephony.errors import CallNotFound
from telephony.queries import filtered, one_of


def calls(*, user: User, filters: Mapping[str, Any]) -> QuerySet[Call] | Scan:
    """The user's calls without transcripts, the newest first."""
    return filtered(Call.objects.defer("transcript", "details"), filters, user=user)


def deliveries(call: Call) -> QuerySet[Delivery]:
    """Webhooks about a call that are kept, the first one first: of its owner's own accounts."""
    mine = Delivery.objects.filter(correlation_id=call.correlation_id, owner_id=call.owner_id)
    return mine.order_by("received_at") if call.correlation_id and call.owner_id else mine.none()


def call(*, user: User, call_id: uuid.UUID) -> Call:
    """One of the user's calls. Raises: CallNotFound."""
    return one_of(Call.objects.filter(owner=user).select_related("owner"), call_id, CallNotFound)
