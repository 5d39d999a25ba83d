"""Which jobs are due, and which are of no more use."""

from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet

from ava.jobs import registry
from ava.jobs.models import Job

DONE_KEPT = timedelta(days=1)


def due(*, now: datetime) -> QuerySet[Job]:
    """Jobs that somebody should run now.

    Those of a kind that this release does not know wait for one that does.
    """
    return Job.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        state=Job.State.QUEUED,
        due_at__lte=now,
        kind__in=list(registry.kinds()),
    )


def next_due(*, now: datetime, before: datetime) -> datetime | None:
    """When the next job will be due, where that is before this moment."""
    soon = Job.objects.filter(
        # Both: the index begins with it.
        urgent__in=(True, False),
        state=Job.State.QUEUED,
        due_at__gt=now,
        due_at__lt=before,
    )
    found: datetime | None = soon.aggregate(next=Min("due_at"))["next"]
    return found


def unsent(*, now: datetime) -> QuerySet[Job]:
    """Due jobs that Celery does not have, or should have done by now; urgent ones first."""
    waiting = due(now=now).filter(Q(sent_until__isnull=True) | Q(sent_until__lte=now))
    return waiting.order_by("-urgent", "due_at")


def sent(*, now: datetime) -> QuerySet[Job]:
    """Jobs that Celery has, and has not begun."""
    return Job.objects.filter(state=Job.State.QUEUED, sent_until__gt=now)


def old(*, before: datetime, now: datetime) -> QuerySet[Job]:
    """Done a day ago, or given up before this moment."""
    return Job.objects.filter(
        Q(state=Job.State.DONE, finished_at__lt=max(before, now - DONE_KEPT))
        | Q(state=Job.State.DEAD, finished_at__lt=before)
    )
