"""Renews the lease of a job while it runs, so that a lease can be short.

A runner that vanishes is followed within a lease; one that only takes long keeps its job.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import DatabaseError, connections
from django.utils import timezone

from ava.jobs.models import Job

log = structlog.get_logger("ava.jobs")

LONGEST_RUN = 900.0
"""Seconds; whatever takes longer hangs, and somebody else may try."""


@contextmanager
def kept(job: Job, *, lease: float) -> Iterator[None]:
    """Keep the lease of a claimed job alive while the block runs.

    Args:
        lease: its length in seconds; renewed at each third of it.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(job.holder, lease, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep(holder: uuid.UUID, lease: float, done: threading.Event) -> None:
    left = LONGEST_RUN
    while left > 0 and not done.wait(lease / 3):
        left -= lease / 3
        try:
            until = timezone.now() + timedelta(seconds=lease)
            Job.objects.filter(holder=holder).update(lease_until=until)
        except DatabaseError as fault:
            log.warning("lease not renewed", cause=type(fault).__name__)
            connections.close_all()
    connections.close_all()
