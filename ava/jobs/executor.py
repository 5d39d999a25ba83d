"""Executor of jobs: claims one by its lease, renewed during the run, and records the outcome."""

import random
import threading
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db import DatabaseError, connections, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from ava import tenant
from ava.http import correlation
from ava.http.problems import Problem
from ava.jobs import RUNS, Kind, RetryLater, kinds, queries
from ava.jobs.models import ERROR_LENGTH, Job
from ava.observability.logs import redact
from ava.observability.recorder import record
from ava.tenant import Tenant, in_background

log = structlog.get_logger("ava.jobs")

Clock = Callable[[], datetime]

traced: Callable[[Job], AbstractContextManager[object]] = nullcontext
"""Surrounds each run with its span, where tracing is on."""

LONGEST_RUN = 900.0
"""Seconds; what takes longer hangs, and another process may try."""
LONGEST_PAUSE = 900.0
MOST_LEASE_EXPIRIES = 50
"""Expired leases after which a job is given up: it is likely to be what ends its processes."""


class Turns:
    """Turns of tenants: one job of each that has any due, then the next round."""

    def __init__(self) -> None:
        self._rounds: dict[bool, deque[Tenant]] = {True: deque(), False: deque()}

    def claim(
        self, *, urgent: bool, now: Clock = timezone.now, full: Container[Tenant] = ()
    ) -> Job | None:
        """The longest due job of the next tenant that is not `full`, leased to the caller."""
        moment = now()
        turns = self._rounds[urgent]
        for is_round_over in (False, True):
            if is_round_over:
                turns.extend(queries.tenants(now=moment, urgent=urgent))
            while turns:
                mine = turns.popleft()
                if mine in full:
                    continue
                due = queries.of_tenant(now=moment, urgent=urgent, tenant=mine)
                if job := _acquire(due, moment):
                    return job
        return None


def run_due(*, now: Clock = timezone.now, most: int = 1000) -> int:
    turns, count = Turns(), 0
    while count < most and (
        job := turns.claim(urgent=True, now=now) or turns.claim(urgent=False, now=now)
    ):
        run(job, now=now)
        count += 1
    return count


def run_one(job_id: uuid.UUID | str, *, now: Clock = timezone.now) -> bool:
    moment = now()
    job = _acquire(queries.due(now=moment).filter(pk=job_id), moment)
    if job is None:
        return False
    run(job, now=now)
    return True


def run(job: Job, *, now: Clock = timezone.now) -> None:
    """Run a claimed job and record the outcome. Never raises what the work raises."""
    kind = kinds[job.kind]
    known_as = correlation.bind(job.correlation_id or correlation.new())
    with known_as, tenant.bind(job.tenant), traced(job):
        started = time.perf_counter()
        outcome = _attempt(job, kind)
        job.outcome = name = _settle(job, kind, outcome, now())
        RUNS.labels(job.kind, name).inc()
        has_asked = correlation.ASKED.get() == correlation.current()
        # What only waits is no news, nor what was done without a provider.
        if name not in ("again", "done") or (name == "done" and has_asked):
            record(
                "job",
                f"{job.kind}: {outcome.error or name}",
                status=name,
                failed=name != "done",
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )


def describe(fault: Exception) -> str:
    """An exception for the operator: a problem's own sentence, else its class and place.

    What foreign exceptions say may hold addresses, numbers or keys; the log has the rest.
    """
    name = type(fault).__name__
    if isinstance(fault, Problem):
        return f"{name}: {redact(fault.detail)}"
    *_, last = traceback.extract_tb(fault.__traceback__) or [None]
    return f"{name} at {Path(last.filename).name}:{last.lineno}" if last else name


def pause_after(failures: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try: doubling from 1, at most LONGEST_PAUSE, spread by a half."""
    return float(min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 20)) * (0.5 + chance() / 2))


def _acquire(due: QuerySet[Job], now: datetime) -> Job | None:
    with transaction.atomic():
        job = due.select_for_update(skip_locked=True).first()
        if job is None:
            return None
        if job.holder is not None:
            job.lease_expiries += 1
        job.holder = uuid.uuid4()
        job.lease_until = now + timedelta(seconds=kinds[job.kind].lease)
        job.sent_until = None
        job.save(update_fields=["holder", "lease_until", "sent_until", "lease_expiries"])
        return job


@contextmanager
def _renewed(job: Job, seconds: float) -> Iterator[None]:
    """Renew the lease while the block runs, at each third of it."""
    done = threading.Event()

    def renew() -> None:
        left = LONGEST_RUN
        while left > 0 and not done.wait(seconds / 3):
            left -= seconds / 3
            try:
                until = timezone.now() + timedelta(seconds=seconds)
                Job.objects.filter(holder=job.holder).update(lease_until=until)
            except DatabaseError as fault:
                log.warning("lease not renewed", cause=type(fault).__name__)
                connections.close_all()
        connections.close_all()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@dataclass(frozen=True)
class _Outcome:
    """Outcome of one run: its name in the metrics, failures in a row, seconds to the next run."""

    name: str
    failures: int = 0
    pause: float = 0.0
    error: str = ""


def _attempt(job: Job, kind: Kind) -> _Outcome:
    failures, attempts = job.attempts + 1, kind.attempts
    if job.lease_expiries > MOST_LEASE_EXPIRIES:
        error = f"Given up: {job.lease_expiries} times the process that ran it ended in the middle."
        attempts = failures
    else:
        try:
            with _renewed(job, kind.lease), in_background():
                kind.run(job.payload)
            return _Outcome("done", pause=kind.every or 0.0)
        except RetryLater as later:
            return _Outcome("again", pause=later.after, error=later.reason)
        except Exception as fault:
            log.warning("job failed", kind=job.kind, job=str(job.pk), exc_info=True)
            error = describe(fault)
    pause = min(pause_after(failures), kind.every or LONGEST_PAUSE)
    is_dead = kind.every is None and failures >= attempts
    return _Outcome("dead" if is_dead else "failed", failures, pause, error)


def _settle(job: Job, kind: Kind, outcome: _Outcome, now: datetime) -> str:
    """Record the outcome, if the caller still has the lease. Its name in the metrics."""
    mine = Job.objects.filter(pk=job.pk, holder=job.holder)
    freed = {
        "attempts": outcome.failures,
        "lease_expiries": 0,
        "holder": None,
        "lease_until": None,
        "last_error": outcome.error[:ERROR_LENGTH],
    }
    ends = outcome.name in Job.State.values and kind.every is None
    # Asked for once more while it ran, it does not end.
    if ends and mine.filter(asked=job.asked).update(state=outcome.name, finished_at=now, **freed):
        if outcome.name == Job.State.DEAD:
            log.error("job given up", kind=job.kind, job=str(job.pk), error=outcome.error)
        return outcome.name
    # Asked for meanwhile, it runs at the time that was asked for.
    next_at = Case(
        When(asked=job.asked, then=Value(now + timedelta(seconds=outcome.pause))),
        default=F("due_at"),
    )
    if not mine.update(due_at=next_at, **freed):
        log.warning("job outlived its lease", kind=job.kind, job=str(job.pk))
        return "lost"
    return "failed" if outcome.name == Job.State.DEAD else outcome.name
