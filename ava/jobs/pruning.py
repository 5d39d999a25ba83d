"""Retention: what `manage.py prune` and the daily job delete. Each app registers its own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

BATCH = 500
KEPT_DAYS = 90

# Deletes (or with the second argument only counts) what is older than the moment.
Prune = Callable[[datetime, bool], int]

registered: dict[str, Prune] = {}


def register(name: str, prune: Prune) -> None:
    """Register `prune`, run daily and by the command. `name` is a plural: "breaker events".

    `prune(before, dry_run)` deletes what is older than `before` in short transactions, or on a dry
    run only counts it, and returns the number of rows.
    """
    registered[name] = prune


def run_daily() -> None:
    """Delete what is older than KEPT_DAYS."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    for prune in registered.values():
        prune(before, False)


def delete_in_batches(rows: QuerySet[Any], *, dry_run: bool) -> int:
    """Delete the rows a batch at a time, so that other writers get their turn between.

    A row that is changed meanwhile, so that it is none of these any more, stays.
    """
    if dry_run:
        return rows.count()
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted
