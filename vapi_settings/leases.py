"""One editor at a time for each assistant, across threads and processes, kill -9 included."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from vapi_settings.errors import EditInProgress
from vapi_settings.models import AssistantLease

SECONDS = 15.0
"""What one step of an edit may take, its request to Vapi included; the lease is renewed before each
step. Whoever died holding it blocks others for this long at most."""

WAIT = 1.0
PAUSE = 0.05
RETRY_AFTER = 2.0

# Waiting takes a thread of the server: only so many editors may, others are told at once.
_places = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class Lease:
    """The right to change one assistant, for a while."""

    assistant_id: str
    holder: uuid.UUID


@contextmanager
def hold(
    assistant_id: str,
    *,
    now: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Lease]:
    """Be the one who changes the assistant. Raises: EditInProgress."""
    lease = _acquire(assistant_id, now) or _wait(assistant_id, now, sleep)
    if lease is None:
        raise EditInProgress(retry_after=RETRY_AFTER)
    try:
        yield lease
    finally:
        AssistantLease.objects.filter(pk=assistant_id, holder=lease.holder).update(
            holder=None, lease_until=None
        )


def renew(lease: Lease, now: datetime) -> bool:
    """Begin the next step. False when the lease ran out, and somebody else may be at it."""
    row = AssistantLease.objects.filter(pk=lease.assistant_id, holder=lease.holder)
    until = now + timedelta(seconds=SECONDS)
    return bool(row.filter(lease_until__gt=now).update(lease_until=until))


def count_change(assistant_id: str) -> int:
    """Note that a change may have reached Vapi; copies read before are old. The new edition."""
    row = AssistantLease.objects.filter(pk=assistant_id)
    row.update(edition=F("edition") + 1)
    return row.values_list("edition", flat=True).get()


def is_live(row: AssistantLease, now: datetime) -> bool:
    """Whether somebody is changing the assistant."""
    return row.lease_until is not None and row.lease_until > now


def _acquire(assistant_id: str, now: Callable[[], datetime]) -> Lease | None:
    moment = now()
    lease = Lease(assistant_id, uuid.uuid4())
    until = moment + timedelta(seconds=SECONDS)
    row = AssistantLease.objects.filter(pk=assistant_id)
    free = Q(lease_until=None) | Q(lease_until__lte=moment)
    if not row.filter(free).update(holder=lease.holder, lease_until=until):
        if row.exists():
            return None
        # The first change ever of this assistant. Of two that come here one inserts.
        AssistantLease.objects.bulk_create([AssistantLease(pk=assistant_id)], ignore_conflicts=True)
        if not row.filter(free).update(holder=lease.holder, lease_until=until):
            return None
    return lease


def _wait(
    assistant_id: str, now: Callable[[], datetime], sleep: Callable[[float], None]
) -> Lease | None:
    if not _places.acquire(blocking=False):
        return None
    try:
        for _ in range(round(WAIT / PAUSE)):
            sleep(PAUSE)
            if lease := _acquire(assistant_id, now):
                return lease
        return None
    finally:
        _places.release()
