"""Retention: the rows that `manage.py prune` and the daily job delete. Apps register their own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

BATCH = 500
KEPT_DAYS = 90

Old = Callable[[datetime], QuerySet[Any]]

registered: dict[str, Old] = {}
_days: dict[str, int] = {}


def register(name: str, old: Old, *, days: int = KEPT_DAYS) -> None:
    """Register rows to delete: `old(before)`. `name` is a plural: "breaker events"."""
    registered[name], _days[name] = old, days


def prune(name: str, before: datetime, *, dry_run: bool = False) -> int:
    rows = registered[name](before)
    return rows.count() if dry_run else delete_in_batches(rows)


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Delete rows a batch at a time, so that others can write. One that is changed stays."""
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted


def run_daily() -> None:
    now = timezone.now()
    for name, days in _days.items():
        prune(name, now - timedelta(days=days))
