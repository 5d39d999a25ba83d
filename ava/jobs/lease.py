"""Lease of a job: who holds it runs the job, and renews it meanwhile, so that it can be short.

After a process that died another one runs the job within a lease; one that takes long keeps it.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ava.jobs import registry
from ava.jobs.models import Job

log = structlog.get_logger("ava.jobs")

LONGEST_RUN = 900.0
"""Seconds; what takes longer hangs, and another process may try."""


def acquire(due: QuerySet[Job], now: datetime) -> Job | None:
    """The first of these due jobs, from now on leased to the caller; None: there is none."""
    # SQLite: only who has something to write takes the one write lock.
    if not due.exists():
        return None
    with transaction.atomic():
        job = due.select_for_update(skip_locked=True).first()
        if job is None:
            return None
        if job.holder is not None:
            job.lease_expiries += 1
        job.holder = uuid.uuid4()
        job.lease_until = now + timedelta(seconds=registry.kinds()[job.kind].lease)
        job.sent_until = None
        job.save(update_fields=["holder", "lease_until", "sent_until", "lease_expiries"])
        return job


@contextmanager
def renewed(job: Job, *, seconds: float) -> Iterator[None]:
    """Renew the lease of a claimed job while the block runs, at each third of it."""
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(job.holder, seconds, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _renew(holder: uuid.UUID, seconds: float, done: threading.Event) -> None:
    left = LONGEST_RUN
    while left > 0 and not done.wait(seconds / 3):
        left -= seconds / 3
        try:
            until = timezone.now() + timedelta(seconds=seconds)
            Job.objects.filter(holder=holder).update(lease_until=until)
        except DatabaseError as fault:
            log.warning("lease not renewed", cause=type(fault).__name__)
            connections.close_all()
    connections.close_all()
