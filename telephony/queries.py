"""Reads that calls and messages share."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.utils import timezone

from ava.http.keyset import Scan
from ava.http.problems import NotFound
from telephony import search
from telephony.intents.settling import FORGOTTEN
from telephony.intents.timeline import AnyCommunication

Row = TypeVar("Row", bound=Model)

_LOOKUPS: Final = {"since": "created_at__gte", "until": "created_at__lt"}


def filtered(
    rows: QuerySet[AnyCommunication], filters: Mapping[str, Any], *, user: User
) -> QuerySet[AnyCommunication] | Scan:
    """The user's rows that pass all `filters`."""
    wanted = dict(filters)
    text = wanted.pop("search", "")
    lookups = {_LOOKUPS.get(name, name): value for name, value in wanted.items()}
    mine = rows.filter(owner=user, **lookups)
    return search.among(mine, text, owner=user.pk) if text else mine


def one_of(rows: QuerySet[Row], key: UUID, missing: type[NotFound]) -> Row:
    """The one of a user's rows with this ID. Raises: `missing`, for another user's as well."""
    found = rows.filter(pk=key).first()
    if found is None:
        raise missing
    return found


def unfinished(model: type[AnyCommunication]) -> QuerySet[AnyCommunication]:
    """Calls or messages that have not ended, nor been given up."""
    machine, long_ago = model.machine, timezone.now() - FORGOTTEN
    rows: QuerySet[AnyCommunication] = QuerySet(model).exclude(status__in=machine.final)
    return rows.exclude(status__in=machine.resting, updated_at__lt=long_ago)
