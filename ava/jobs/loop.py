"""The loop that runs due jobs in this process, or with Celery hands them to it.

`start` it in each web worker, after the fork; `manage.py work` is one of its own.
"""

import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from queue import SimpleQueue

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from ava.jobs import celery_dispatch, executor, queries, services, wakeup
from ava.jobs.models import Job
from ava.tenant import Tenant

log = structlog.get_logger("ava.jobs")

THREADS = 8
POLL_SECONDS = 0.5
"""How long a job of another process may wait to be seen; those of this one wake the loop."""

_PERIODIC_SECONDS = 60.0

_KEPT = 4
"""One of so many threads is kept for urgent jobs: others may hang."""

_SHARES = 2
"""One of so many shares of the threads is what one tenant has at most: its jobs may all hang."""


class Loop:
    """One thread that looks for work, and a few that do it."""

    def __init__(self, *, threads: int = THREADS, poll: float = POLL_SECONDS) -> None:
        self._poll = poll
        self._stopping = threading.Event()
        self._free = threading.Semaphore(threads)
        self._free_for_others = threading.Semaphore(threads - threads // _KEPT)
        self._urgent_first = False
        self._turns = executor.Turns()
        self._share = max(threads // _SHARES, 1)
        self._running: Counter[Tenant] = Counter()
        self._counting = threading.Lock()
        self._claimed: SimpleQueue[Job | None] = SimpleQueue()
        self._looking = threading.Thread(target=self._look, name="ava-jobs", daemon=True)
        self._working = [
            threading.Thread(target=self._work, name="ava-job", daemon=True) for _ in range(threads)
        ]
        self._troubled = False
        self._periodic_at = 0.0

    def start(self) -> "Loop":
        for thread in (self._looking, *self._working):
            thread.start()
        return self

    def stop(self) -> None:
        """Take up nothing more, and wait for the runs under way."""
        self._stopping.set()
        wakeup.notify()
        self._looking.join()
        for _ in self._working:
            self._claimed.put(None)
        for thread in self._working:
            thread.join()

    def _look(self) -> None:
        while not self._stopping.is_set():
            close_old_connections()
            try:
                found = self._find()
            except Exception:  # The database or the broker is down: AVA goes on without jobs.
                if not self._troubled:
                    log.exception("jobs cannot be found")
                self._troubled, found = True, False
            else:
                if self._troubled:
                    log.warning("jobs can be found again")
                self._troubled = False
            if not found and not self._stopping.is_set():
                wakeup.wait(self._until_next())
        connections.close_all()

    def _find(self) -> bool:
        """Take up one piece of work. Whether there was one."""
        if time.monotonic() >= self._periodic_at:
            services.ensure_periodic()
            self._periodic_at = time.monotonic() + _PERIODIC_SECONDS
        if settings.CELERY_BROKER_URL:
            return celery_dispatch.send_due(now=timezone.now()) > 0
        if not self._free.acquire(timeout=self._poll):
            return True
        job = None
        try:
            job = self._claim()
            if job is not None:
                self._claimed.put(job)
        finally:
            if job is None:
                self._free.release()
        return job is not None

    def _claim(self) -> Job | None:
        """The next job: an urgent one and another in turns, so that neither waits for ever."""
        self._urgent_first = not self._urgent_first
        if self._urgent_first:
            return self._take_turn(urgent=True) or self._claim_other()
        return self._claim_other() or self._take_turn(urgent=True)

    def _claim_other(self) -> Job | None:
        """One that is not urgent, where a thread is left to those."""
        if not self._free_for_others.acquire(blocking=False):
            return None
        job = None
        try:
            job = self._take_turn(urgent=False)
        finally:
            if job is None:
                self._free_for_others.release()
        return job

    def _take_turn(self, *, urgent: bool) -> Job | None:
        """The job of whose turn it is, but of no tenant that has its share of the threads."""
        with self._counting:
            full = {one for one, count in self._running.items() if one and count >= self._share}
        job = self._turns.claim(urgent=urgent, full=full)
        if job is not None:
            with self._counting:
                self._running[job.tenant] += 1
        return job

    def _until_next(self) -> float:
        """Seconds to sleep: until something is due, but not longer than a look is apart."""
        now = timezone.now()
        with suppress(DatabaseError):
            upcoming = queries.next_due(now=now, before=now + timedelta(seconds=self._poll))
            return (upcoming - now).total_seconds() if upcoming else self._poll
        return self._poll

    def _work(self) -> None:
        while (job := self._claimed.get()) is not None:
            close_old_connections()
            try:
                executor.run(job)
            except Exception:  # Settling failed: the lease ends, and somebody runs it again.
                log.exception("job not settled", kind=job.kind, job=str(job.pk))
            finally:
                with self._counting:
                    self._running[job.tenant] -= 1
                    if not self._running[job.tenant]:
                        del self._running[job.tenant]
                if not job.urgent:
                    self._free_for_others.release()
                self._free.release()
                # It may come again in a moment.
                wakeup.notify()
        connections.close_all()


_loop: Loop | None = None


def start() -> None:
    """Start this process' loop."""
    global _loop
    if _loop is None:
        _loop = Loop().start()


def stop() -> None:
    """Stop it, and wait for the runs under way."""
    global _loop
    if _loop is not None:
        _loop.stop()
        _loop = None
