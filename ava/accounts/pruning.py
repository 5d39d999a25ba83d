"""Rows of accounts that serve nobody any more, for `manage.py prune`."""

from datetime import datetime

from django.utils import timezone

from ava.accounts import guessing, queries
from ava.jobs.pruning import delete_in_batches


def idle_login_counters(before: datetime, dry_run: bool) -> int:
    """Delete the counters of wrong passwords that slow nobody down any more."""
    return delete_in_batches(guessing.idle(now=timezone.now()), dry_run=dry_run)


def expired_sessions(before: datetime, dry_run: bool) -> int:
    """Delete the sessions that have expired by now: they serve nobody, however young."""
    return delete_in_batches(queries.expired_sessions(now=timezone.now()), dry_run=dry_run)
