"""Reads that calls and messages share."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from ava.http.problems import NotFound
from telephony.intents.settling import FORGOTTEN
from telephony.intents.timeline import AnyCommunication

Row = TypeVar("Row", bound=Model)

_LOOKUPS: Final = {"since": "created_at__gte", "until": "created_at__lt"}
_SEARCHED: Final = ("to", "from_number", "provider_sid", "correlation_id")


def filtered(
    rows: QuerySet[AnyCommunication], filters: Mapping[str, Any], *, searched: str
) -> QuerySet[AnyCommunication]:
    """The rows that pass all `filters`; a search looks into the `searched` column, too."""
    wanted = dict(filters)
    text = wanted.pop("search", "")
    if text:
        places = (Q(**{f"{name}__icontains": text}) for name in (*_SEARCHED, searched))
        rows = rows.filter(reduce(or_, places))
    return rows.filter(**{_LOOKUPS.get(name, name): value for name, value in wanted.items()})


def one_of(rows: QuerySet[Row], key: UUID, missing: type[NotFound]) -> Row:
    """The one of a user's rows with this ID. Raises: missing, for somebody else's as well."""
    found = rows.filter(pk=key).first()
    if found is None:
        raise missing
    return found


def unfinished(model: type[AnyCommunication]) -> QuerySet[AnyCommunication]:
    """Calls or messages that have not ended, nor been given up."""
    machine, long_ago = model.machine, timezone.now() - FORGOTTEN
    rows: QuerySet[AnyCommunication] = QuerySet(model).exclude(status__in=machine.final)
    return rows.exclude(status__in=machine.resting, updated_at__lt=long_ago)
