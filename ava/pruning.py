"""What `manage.py prune` deletes: each app names its own, in its `apps.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

BATCH = 500
Row = TypeVar("Row", bound=Model)

# Deletes (or with the second argument only counts) what is older than the moment.
Prune = Callable[[datetime, bool], int]

_registered: dict[str, Prune] = {}


def register(name: str, prune: Prune) -> None:
    """Have `prune` run by the command. `name` is a plural for people, as in "breaker events".

    `prune(before, dry_run)` deletes what is older than `before`, an aware datetime, in short
    transactions, and returns how many rows that were; on a dry run it only counts them.
    """
    _registered[name] = prune


def registered() -> dict[str, Prune]:
    """Every registered function by its name, in the order of registration."""
    return dict(_registered)


def delete_in_batches(rows: QuerySet[Row], *, dry_run: bool, batch: int = BATCH) -> int:
    """Delete the rows a batch at a time, so that other writers get their turn between.

    A row that somebody has changed meanwhile, so that it is none of these any more, stays.
    """
    if dry_run:
        return rows.count()
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted
