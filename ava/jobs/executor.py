"""Executor of jobs: claims one by its lease, runs it, records the outcome."""

import random
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db.models import Case, F, Value, When
from django.utils import timezone

from ava import tenant
from ava.http import correlation
from ava.http.problems import Problem
from ava.jobs import lease, queries, registry
from ava.jobs.metrics import RUNS
from ava.jobs.models import ERROR_LENGTH, Job
from ava.jobs.registry import Kind, RetryLater
from ava.observability.logs import redact
from ava.tenant import Tenant
from ava.upstream.bulkhead import in_background

log = structlog.get_logger("ava.jobs")

Clock = Callable[[], datetime]

LONGEST_PAUSE = 900.0
MOST_LEASE_EXPIRIES = 50
"""A job that takes its process down with it, each time, must end some day."""


class Turns:
    """Whose job is next: one of each tenant that has any due, then the next round.

    A flood of one tenant costs the others a turn each, not a wait behind all of it.
    """

    def __init__(self) -> None:
        self._rounds: dict[bool, deque[Tenant]] = {True: deque(), False: deque()}

    def claim(
        self,
        *,
        now: Clock = timezone.now,
        urgent: bool | None = None,
        full: Container[Tenant] = (),
    ) -> Job | None:
        """The longest due job of whose turn it is, from now on leased to the caller; None: nothing
        to do.

        Args:
            urgent: of which jobs; None: of the urgent ones if there are any, else of the others.
            full: who gets none now.
        """
        if urgent is None:
            found = self.claim(now=now, urgent=True, full=full)
            return found or self.claim(now=now, urgent=False, full=full)
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
                if job := lease.acquire(due, moment):
                    return job
        return None


def run_due(*, now: Clock = timezone.now, most: int = 1000) -> int:
    """Run what is due, one after the other, until nothing is or `most` have run. How many ran."""
    turns, count = Turns(), 0
    while count < most and (job := turns.claim(now=now)):
        run(job, now=now)
        count += 1
    return count


def run_one(job_id: uuid.UUID | str, *, now: Clock = timezone.now) -> bool:
    """Run this job, unless it is finished, not due, or somebody else is at it. Whether it ran."""
    moment = now()
    job = lease.acquire(queries.due(now=moment).filter(pk=job_id), moment)
    if job is None:
        return False
    run(job, now=now)
    return True


def run(job: Job, *, now: Clock = timezone.now) -> None:
    """Run a claimed job and record the outcome. Never raises what the work raises."""
    kind = registry.kinds()[job.kind]
    with correlation.bind(job.correlation_id or correlation.new()), tenant.bind(job.tenant):
        RUNS.labels(job.kind, _settle(job, kind, _attempt(job, kind), now())).inc()


@dataclass(frozen=True)
class _Outcome:
    """Outcome of one run: its name in the metrics, failures in a row, seconds to the next run."""

    name: str
    failures: int = 0
    pause: float = 0.0
    error: str = ""


def _attempt(job: Job, kind: Kind) -> _Outcome:
    if job.lease_expiries > MOST_LEASE_EXPIRIES:
        said = f"Given up: {job.lease_expiries} times the process that ran it ended in the middle."
        return _failure(job, kind, said, is_hopeless=True)
    try:
        with lease.renewed(job, seconds=kind.lease), in_background():
            kind.run(job.payload)
    except RetryLater as later:
        return _Outcome("again", pause=later.after, error=later.reason)
    except Exception as fault:
        log.warning("job failed", kind=job.kind, job=str(job.pk), exc_info=True)
        return _failure(job, kind, describe(fault))
    return _Outcome("done", pause=kind.every or 0.0)


def _failure(job: Job, kind: Kind, error: str, *, is_hopeless: bool = False) -> _Outcome:
    failures = job.attempts + 1
    pause = pause_after(failures)
    if kind.every is not None:
        return _Outcome("failed", failures, min(pause, kind.every), error)
    is_dead = is_hopeless or failures >= kind.attempts
    return _Outcome("dead" if is_dead else "failed", failures, pause, error)


def describe(fault: Exception) -> str:
    """An exception for the operator: a problem's own sentence, else its class and place.

    What foreign exceptions say may hold addresses, numbers or keys; the log has the rest.
    """
    name = type(fault).__name__
    if isinstance(fault, Problem):
        return f"{name}: {redact(fault.detail)}"
    *_, last = traceback.extract_tb(fault.__traceback__) or [None]
    return f"{name} at {Path(last.filename).name}:{last.lineno}" if last else name


def _settle(job: Job, kind: Kind, outcome: _Outcome, now: datetime) -> str:
    """Record the outcome, if the job is still ours. Its name in the metrics."""
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


def pause_after(failures: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try: doubling from 1, at most LONGEST_PAUSE, spread by a half."""
    return float(min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 20)) * (0.5 + chance() / 2))
