"""Filters of the lists of calls and messages."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Q, QuerySet

from telephony.intents.timeline import AnyCommunication

_LOOKUPS: Final = {"since": "created_at__gte", "until": "created_at__lt"}
_SEARCHED: Final = ("to", "from_number", "provider_sid", "correlation_id")


def filtered(
    rows: QuerySet[AnyCommunication], filters: Mapping[str, Any], *, searched: str
) -> QuerySet[AnyCommunication]:
    """The rows that pass all of the filters: status, to, from_number, direction, correlation_id,
    since, until, and search.

    Args:
        searched: where a search looks, too.
    """
    wanted = dict(filters)
    text = wanted.pop("search", "")
    if text:
        places = (Q(**{f"{name}__icontains": text}) for name in (*_SEARCHED, searched))
        rows = rows.filter(reduce(or_, places))
    return rows.filter(**{_LOOKUPS.get(name, name): value for name, value in wanted.items()})
