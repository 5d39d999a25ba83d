"""Loop of a web worker, or of `manage.py work`: runs due jobs, or hands them to Celery."""

import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from ava.jobs import executor, queries, services
from ava.jobs.models import Job
from ava.server import admission

log = structlog.get_logger("ava.jobs")

THREADS = 8
POLL_SECONDS = 0.5
"""Seconds until a job of another process is seen; those of this one wake the loop."""

_PERIODIC_SECONDS = 60.0

_PLACES = 1
"""Jobs that compute at the same time: more would take the interpreter from requests of this
process. A job that waits for a provider releases its place."""

_PLACE_SECONDS = 1.0
"""Seconds to wait for a place: jobs that hold theirs longer are assumed to wait for something."""

_KEPT = 4
"""One of so many threads is kept for urgent jobs: others may hang."""

_SHARES = 2
"""One of so many shares of the threads is what one tenant has at most: its jobs may all hang."""


class Loop:
    """A few threads. One that is free looks for the next job and runs it; then another looks."""

    def __init__(self, *, threads: int = THREADS, poll: float = POLL_SECONDS) -> None:
        self._poll = poll
        self._stopping = threading.Event()
        self._places = threading.Semaphore(_PLACES)
        self._looking = threading.Lock()
        self._turns = executor.Turns()
        self._is_urgents_turn = False
        # Only the thread that looks adds to it.
        self._running: list[Job] = []
        self._is_failing = False
        self._periodic_at = 0.0
        self._threads = [
            threading.Thread(target=self._work, name="ava-job", daemon=True) for _ in range(threads)
        ]

    def start(self) -> "Loop":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Take up nothing more, and wait for the runs under way."""
        self._stopping.set()
        services.wake_up.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            if self._places.acquire(timeout=_PLACE_SECONDS):
                admission.set_release(self._places.release)
            try:
                with self._looking:
                    job = self._look()
                if job is not None:
                    self._run(job)
            finally:
                admission.release_place()
        connections.close_all()

    def _run(self, job: Job) -> None:
        try:
            executor.run(job)
        except Exception:  # Not recorded: the lease ends, and the job is run again.
            log.exception("job not settled", kind=job.kind, job=str(job.pk))
        finally:
            self._running.remove(job)
            # It may come again in a moment, or leave its thread to another.
            services.wake_up.set()

    def _look(self) -> Job | None:
        """Wait for a job, and claim it; None: the loop stops."""
        while not self._stopping.is_set():
            close_old_connections()
            try:
                job = self._find()
                if self._is_failing:
                    log.warning("jobs can be found again")
                self._is_failing = False
            except Exception:  # The database or the broker is down: AVA goes on without jobs.
                if not self._is_failing:
                    log.exception("jobs cannot be found")
                self._is_failing, job = True, None
            if job is not None:
                self._running.append(job)
                return job
            services.wake_up.wait(self._until_next())
            services.wake_up.clear()
        return None

    def _find(self) -> Job | None:
        if time.monotonic() >= self._periodic_at:
            services.ensure_periodic()
            self._periodic_at = time.monotonic() + _PERIODIC_SECONDS
        if settings.CELERY_BROKER_URL:
            from ava.jobs import celery_dispatch  # megabytes that others need not load

            while celery_dispatch.send_due(now=timezone.now()) and not self._stopping.is_set():
                pass
            return None
        # An urgent one and another in turns, so that neither waits for ever.
        self._is_urgents_turn = not self._is_urgents_turn
        return self._claim(self._is_urgents_turn) or self._claim(not self._is_urgents_turn)

    def _claim(self, urgent: bool) -> Job | None:
        """The next job of this urgency, where a thread is left to those and to its tenant."""
        running, threads = list(self._running), len(self._threads)
        if not urgent and sum(not job.urgent for job in running) >= threads - threads // _KEPT:
            return None
        share = max(threads // _SHARES, 1)
        counts = Counter(job.tenant for job in running)
        full = {tenant for tenant, count in counts.items() if tenant and count >= share}
        return self._turns.claim(urgent=urgent, full=full)

    def _until_next(self) -> float:
        """Seconds to sleep: until something is due, but not longer than a look is apart."""
        now = timezone.now()
        with suppress(DatabaseError):
            upcoming = queries.next_due(now=now, before=now + timedelta(seconds=self._poll))
            return (upcoming - now).total_seconds() if upcoming else self._poll
        return self._poll
