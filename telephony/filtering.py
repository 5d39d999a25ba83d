"""The filters that both lists know."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from telephony.intents.timeline import AnyIntent

_LOOKUPS: Final = {"since": "created_at__gte", "until": "created_at__lt"}


def filtered(rows: QuerySet[AnyIntent], filters: Mapping[str, Any]) -> QuerySet[AnyIntent]:
    """The rows that pass all of the filters: status, to, from_number, direction, since, until."""
    return rows.filter(**{_LOOKUPS.get(name, name): value for name, value in filters.items()})
