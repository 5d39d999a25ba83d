"""Loop of a web worker, or of `manage.py work`: runs due jobs, or hands them to Celery."""

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

from ava.jobs import executor, queries, services
from ava.jobs.models import Job

log = structlog.get_logger("ava.jobs")

THREADS = 8
POLL_SECONDS = 0.5
"""Seconds until a job of another process is seen; those of this one wake the loop."""

_PERIODIC_SECONDS = 60.0

_KEPT = 4
"""One of so many threads is kept for urgent jobs: others may hang."""

_SHARES = 2
"""One of so many shares of the threads is what one tenant has at most: its jobs may all hang."""


class Loop:
    """One thread that looks for work, and a few that run it."""

    def __init__(self, *, threads: int = THREADS, poll: float = POLL_SECONDS) -> None:
        self._poll = poll
        self._threads = threads
        self._stopping = threading.Event()
        self._turns = executor.Turns()
        self._is_urgents_turn = False
        # Changed under the condition; only the thread that looks adds to it.
        self._running: list[Job] = []
        self._ended = threading.Condition()
        self._claimed: SimpleQueue[Job | None] = SimpleQueue()
        self._looking = threading.Thread(target=self._look, name="ava-jobs", daemon=True)
        self._working = [
            threading.Thread(target=self._work, name="ava-job", daemon=True) for _ in range(threads)
        ]
        self._is_failing = False
        self._periodic_at = 0.0

    def start(self) -> "Loop":
        for thread in (self._looking, *self._working):
            thread.start()
        return self

    def stop(self) -> None:
        """Take up nothing more, and wait for the runs under way."""
        self._stopping.set()
        services.wake_up.set()
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
                if self._is_failing:
                    log.warning("jobs can be found again")
                self._is_failing = False
            except Exception:  # The database or the broker is down: AVA goes on without jobs.
                if not self._is_failing:
                    log.exception("jobs cannot be found")
                self._is_failing, found = True, False
            if not found and not self._stopping.is_set():
                services.wake_up.wait(self._until_next())
                services.wake_up.clear()
        connections.close_all()

    def _find(self) -> bool:
        """Take up one piece of work. Whether there was one."""
        if time.monotonic() >= self._periodic_at:
            services.ensure_periodic()
            self._periodic_at = time.monotonic() + _PERIODIC_SECONDS
        if settings.CELERY_BROKER_URL:
            from ava.jobs import celery_dispatch  # megabytes that others need not load

            return celery_dispatch.send_due(now=timezone.now()) > 0
        with self._ended:
            if not self._ended.wait_for(lambda: len(self._running) < self._threads, self._poll):
                return True
        # An urgent one and another in turns, so that neither waits for ever.
        self._is_urgents_turn = not self._is_urgents_turn
        job = self._claim(self._is_urgents_turn) or self._claim(not self._is_urgents_turn)
        if job is not None:
            self._claimed.put(job)
        return job is not None

    def _claim(self, urgent: bool) -> Job | None:
        """The next job of this urgency, where a thread is left to those and to its tenant."""
        with self._ended:
            running = list(self._running)
        kept = self._threads // _KEPT
        if not urgent and sum(not job.urgent for job in running) >= self._threads - kept:
            return None
        share = max(self._threads // _SHARES, 1)
        counts = Counter(job.tenant for job in running)
        full = {tenant for tenant, count in counts.items() if tenant and count >= share}
        job = self._turns.claim(urgent=urgent, full=full)
        if job is not None:
            with self._ended:
                self._running.append(job)
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
            except Exception:  # Not recorded: the lease ends, and the job is run again.
                log.exception("job not settled", kind=job.kind, job=str(job.pk))
            finally:
                with self._ended:
                    self._running.remove(job)
                    self._ended.notify_all()
                # It may come again in a moment.
                services.wake_up.set()
        connections.close_all()
