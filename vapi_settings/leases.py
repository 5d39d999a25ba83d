"""Edit leases: one editor at a time for each assistant, across processes, kill -9 included."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ava.server import admission
from vapi_settings.errors import EditInProgress
from vapi_settings.models import AssistantLease

SECONDS = 15.0
"""After which the lease of an editor that died is free."""

STEP = 11.0
"""Seconds that one step of an edit may take, its request to Vapi included: with less than that left
the lease is renewed first."""

WAIT = 1.0
PAUSE = 0.05
RETRY_AFTER = 2.0

# Waiting takes a thread of the server: only so many editors may, others are refused at once.
_places = threading.BoundedSemaphore(4)


@dataclass
class Lease:
    """The right to change one assistant, for a while.

    Attributes:
        until: when it runs out.
    """

    assistant_id: str
    holder: uuid.UUID
    until: datetime
    is_released: bool = False

    def renew(self, now: datetime) -> bool:
        """Begin the next step. False when the lease ran out, and another editor may have it."""
        if self.until - now >= timedelta(seconds=STEP):
            return True
        until = now + timedelta(seconds=SECONDS)
        if not self._row.filter(lease_until__gt=now).update(lease_until=until):
            return False
        self.until = until
        return True

    def release(self) -> None:
        """Let the next editor have it; only once, and only if it is still held."""
        if not self.is_released:
            self._row.update(holder=None, lease_until=None)
            self.is_released = True

    @property
    def _row(self) -> QuerySet[AssistantLease]:
        return AssistantLease.objects.filter(pk=self.assistant_id, holder=self.holder)


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
        lease.release()


def is_live(row: AssistantLease, now: datetime) -> bool:
    """Whether an edit is under way."""
    return row.lease_until is not None and row.lease_until > now


def _acquire(assistant_id: str, now: Callable[[], datetime]) -> Lease | None:
    moment = now()
    lease = Lease(assistant_id, uuid.uuid4(), until=moment + timedelta(seconds=SECONDS))
    row = AssistantLease.objects.filter(pk=assistant_id)

    def take() -> int:
        free = Q(lease_until=None) | Q(lease_until__lte=moment)
        return row.filter(free).update(
            holder=lease.holder, lease_until=lease.until, edition=F("edition") + 1
        )

    if take():
        return lease
    if row.exists():
        return None
    # The first change ever of this assistant. Of two that come here one inserts.
    AssistantLease.objects.bulk_create([AssistantLease(pk=assistant_id)], ignore_conflicts=True)
    return lease if take() else None


def _wait(
    assistant_id: str, now: Callable[[], datetime], sleep: Callable[[float], None]
) -> Lease | None:
    if not _places.acquire(blocking=False):
        return None
    admission.waiting()
    try:
        for _ in range(round(WAIT / PAUSE)):
            sleep(PAUSE)
            if lease := _acquire(assistant_id, now):
                return lease
        return None
    finally:
        _places.release()
