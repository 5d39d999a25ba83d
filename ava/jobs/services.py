"""Jobs: enqueued, made periodic, run again, deleted."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from ava import tenant as tenants
from ava.backup.holding import Restored
from ava.http import correlation
from ava.http.problems import Problem
from ava.jobs import Payload, kinds
from ava.jobs.executor import run_due, run_one
from ava.jobs.models import Job

__all__ = [
    "enqueue",
    "ensure_periodic",
    "hold",
    "old",
    "run_again",
    "run_due",
    "run_one",
    "waiting",
]

DONE_KEPT = timedelta(days=1)

_ROUNDS = 20

traceparent: Callable[[], str] = str
"""The span under way, as W3C Trace Context writes it; empty where nothing is traced."""

wake_up = threading.Event()
"""Set when a job of this process is due, so that its loop need not poll fast."""


class AlreadyWaiting(Problem):
    status = HTTPStatus.CONFLICT
    code = "job_already_waiting"
    detail = "This job, or another one for the same thing, is waiting already."


def enqueue(
    kind: str,
    payload: Payload,
    *,
    due_at: datetime | None = None,
    key: str | None = None,
    is_new: bool = False,
    tenant: tenants.Tenant = None,
) -> Job:
    """Ask for work, done after the caller's transaction, and only if that commits.

    With a key, only one job of that kind and key waits, and its row is returned. Asked for once
    more it keeps its payload, comes earlier if that is asked for, and runs again if it is running.

    Args:
        payload: JSON, and never a secret.
        key: at most 200 characters.
        is_new: no job of this key waits; saves looking for one.
        tenant: the user it is done for; None: the caller's.
    """
    now = timezone.now()
    row = Job(
        kind=kind,
        urgent=kinds[kind].urgent,
        key=key,
        payload=payload,
        due_at=due_at or now,
        created_at=now,
        correlation_id=correlation.current(),
        traceparent=traceparent(),
        tenant=tenant or tenants.current(),
    )
    job = _insert(row, now, is_new=is_new)
    if row.due_at <= now:
        transaction.on_commit(wake_up.set)
    return job


def waiting(kind: str) -> set[str]:
    """Keys under which jobs of this kind wait, or run."""
    keys = Job.objects.filter(kind=kind, state=Job.State.QUEUED).values_list("key", flat=True)
    return {key for key in keys if key}


def _insert(row: Job, now: datetime, *, is_new: bool) -> Job:
    if row.key is None or is_new:
        row.save(force_insert=True)
        return row
    same = Job.objects.filter(kind=row.kind, key=row.key, state=Job.State.QUEUED)
    for _ in range(_ROUNDS):
        sooner = Q(lease_until__gt=now) | Q(due_at__gt=row.due_at)
        changed = same.update(
            asked=F("asked") + 1,
            due_at=Case(When(sooner, then=Value(row.due_at)), default=F("due_at")),
            sent_until=Case(When(sooner, then=Value(None)), default=F("sent_until")),
        )
        if changed and (found := same.first()):
            return found
        Job.objects.bulk_create([row], ignore_conflicts=True)
        # A faster process has put its row there, and may have finished it by now.
        if Job.objects.filter(pk=row.pk).exists():
            return row
    # No conflict then: the database has another objection, and says which.
    row.save(force_insert=True)
    return row


def ensure_periodic() -> None:
    """Make the row of each periodic kind that has none yet."""
    now = timezone.now()
    Job.objects.bulk_create(
        [
            Job(kind=kind.name, key="periodic", due_at=now, created_at=now)
            for kind in kinds.values()
            if kind.every is not None
        ],
        ignore_conflicts=True,
    )


def run_again(job: Job, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            finished = Job.objects.filter(pk=job.pk).exclude(state=Job.State.QUEUED)
            revived = finished.update(
                state=Job.State.QUEUED, due_at=now, attempts=0, finished_at=None
            )
    except IntegrityError as fault:
        raise AlreadyWaiting from fault
    if not revived:
        raise AlreadyWaiting
    transaction.on_commit(wake_up.set)


def old(before: datetime) -> QuerySet[Job]:
    """Finished jobs to delete: done ones after a day, those given up when older than `before`."""
    done = Q(state=Job.State.DONE, finished_at__lt=max(before, timezone.now() - DONE_KEPT))
    dead = Q(state=Job.State.DEAD, finished_at__lt=before)
    return Job.objects.filter(done | dead)


def hold(restored: Restored) -> int:
    """Give up what waited in a backup. Where it is to go on, the app that it belongs to enqueues it
    again; the rest may be run again in the admin."""
    queued = Job.objects.filter(state=Job.State.QUEUED)
    queued.filter(key="periodic").update(holder=None, lease_until=None, sent_until=None)
    return queued.exclude(key="periodic").update(
        state=Job.State.DEAD,
        holder=None,
        lease_until=None,
        sent_until=None,
        finished_at=restored.now,
        last_error=f"{restored.reason} It may have been done since.",
    )
