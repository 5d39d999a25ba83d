"""Which jobs are due, and which are of no more use."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ava.jobs import registry
from ava.jobs.models import Job

DONE_KEPT = timedelta(days=1)


def due(*, now: datetime, kinds: Iterable[str] | None = None) -> QuerySet[Job]:
    """Jobs that somebody should run now, the longest due first.

    Those of a kind that this release does not know wait for one that does.
    """
    return Job.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        state=Job.State.QUEUED,
        due_at__lte=now,
        kind__in=list(registry.kinds() if kinds is None else kinds),
    ).order_by("due_at")


def unsent(*, now: datetime) -> QuerySet[Job]:
    """Due jobs that Celery does not have, or should have done by now."""
    return due(now=now).filter(Q(sent_until__isnull=True) | Q(sent_until__lte=now))


def old(*, before: datetime, now: datetime) -> QuerySet[Job]:
    """Done a day ago, or given up before this moment."""
    return Job.objects.filter(
        Q(state=Job.State.DONE, finished_at__lt=max(before, now - DONE_KEPT))
        | Q(state=Job.State.DEAD, finished_at__lt=before)
    )
