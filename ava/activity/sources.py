"""Sources of a story: what each app's tables know of a correlation ID. Apps register theirs."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django.db.models import QuerySet

from ava.observability.recorder import Entry

MOST: Final = 100
"""Rows of one source in a story."""

EVERYBODY: Final = -1
"""An owner's ID that stands for all, and for none: the operator's look."""

Source = Callable[[int, str], Iterable[Entry]]
"""Entries of an owner, or of EVERYBODY, under a correlation ID."""

Shared = Callable[[Sequence[Entry], str], Iterable[Entry]]
"""Entries that are no single user's, to a story as far as it was found under a correlation ID."""

sources: list[Source] = []
shared: list[Shared] = []
"""Asked where the story has something of the user's own."""


def register(source: Source) -> None:
    """Add a source. It reads by an index, and at most MOST rows."""
    sources.append(source)


def register_shared(source: Shared) -> None:
    """Add a source of what concerns all users. It reads by an index, and at most MOST rows."""
    shared.append(source)


def owned(rows: QuerySet[Any], owner_id: int) -> QuerySet[Any]:
    """The owner's rows; all of them for EVERYBODY."""
    return rows if owner_id == EVERYBODY else rows.filter(owner_id=owner_id)
