"""Jobs from the demand to the end: when they run, and how often."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from prometheus_client import REGISTRY

from ava import jobs
from ava.http import correlation
from ava.jobs import pruning, services
from ava.jobs.models import Job
from ava.jobs.tests.scripted import Clock, Work, registered

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_job_is_done_once_with_its_payload_and_under_the_id_of_its_request() -> None:
    work = registered()
    with correlation.bind("asked-by-me"):
        job = services.enqueue("work", {"n": 1})
    assert services.run_due() == 1
    assert services.run_due() == 0
    assert (work.runs, work.ids) == ([{"n": 1}], ["asked-by-me"])
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert job.finished_at is not None


def test_a_job_of_a_transaction_that_fails_never_runs() -> None:
    work = registered()
    with transaction.atomic():
        services.enqueue("work", {})
        transaction.set_rollback(True)
    services.run_due()
    assert work.runs == []


def test_a_job_waits_until_it_is_due(clock: Clock) -> None:
    work = registered()
    services.enqueue("work", {}, due_at=clock() + timedelta(minutes=5))
    assert services.run_due(now=clock) == 0
    clock.turn(301)
    assert services.run_due(now=clock) == 1
    assert len(work.runs) == 1


def test_the_longest_due_job_comes_first(clock: Clock) -> None:
    work = registered()
    for minutes in (1, 3, 2):
        services.enqueue("work", {"m": minutes}, due_at=clock() - timedelta(minutes=minutes))
    services.run_due(now=clock)
    assert work.runs == [{"m": 3}, {"m": 2}, {"m": 1}]


def test_a_kind_that_is_not_registered_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        services.enqueue("unheard_of", {})


def test_a_row_of_a_kind_that_this_release_does_not_know_waits() -> None:
    registered()
    now = timezone.now()
    job = Job.objects.create(kind="from_the_future", due_at=now, created_at=now)
    assert services.run_due() == 0
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_a_payload_that_no_database_takes_is_refused() -> None:
    registered()
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        services.enqueue("work", {"n": float("nan")}, key="k")


def test_runs_are_counted_by_kind_and_outcome_from_zero_on(clock: Clock) -> None:
    def count(outcome: str) -> float | None:
        labels = {"kind": "counted", "outcome": outcome}
        return REGISTRY.get_sample_value("ava_jobs_total", labels)

    jobs.register("counted", Work(ValueError(), jobs.RetryLater(1)))
    assert [count(outcome) for outcome in ("done", "failed", "again", "dead", "lost")] == [0] * 5
    services.enqueue("counted", {})
    clock.turn(1)
    assert REGISTRY.get_sample_value("ava_jobs_due") == 1
    for _ in range(3):
        services.run_due(now=clock)
        clock.turn(60)
    assert [count(outcome) for outcome in ("done", "failed", "again")] == [1, 1, 1]
    assert REGISTRY.get_sample_value("ava_jobs_due") == 0


def test_one_job_by_its_id_runs_only_when_it_is_due_and_only_once(clock: Clock) -> None:
    work = registered()
    job = services.enqueue("work", {}, due_at=clock() + timedelta(seconds=10))
    assert not services.run_one(job.pk, now=clock)
    clock.turn(10)
    assert services.run_one(str(job.pk), now=clock)
    assert not services.run_one(job.pk, now=clock)
    assert len(work.runs) == 1


def test_a_periodic_kind_has_one_row_and_runs_at_its_pace_whatever_happens(clock: Clock) -> None:
    runs: list[datetime] = []

    def sweep() -> None:
        runs.append(clock())
        if len(runs) % 2:
            raise ValueError

    jobs.register_periodic("sweep", sweep, every=1)
    for _ in range(3):
        services.ensure_periodic()
    clock.turn(1)
    for _ in range(30):
        services.run_due(now=clock)
        clock.turn(1)
    assert len(runs) == 30
    assert Job.objects.get().state == Job.State.QUEUED


def test_done_jobs_go_after_a_day_and_those_given_up_stay_as_long_as_all_records() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    for state, days in (("done", 2), ("dead", 2), ("dead", 91)):
        Job.objects.create(
            kind="work",
            state=state,
            due_at=now,
            created_at=now,
            finished_at=timezone.now() - timedelta(days=days),
        )
    before = timezone.now() - timedelta(days=90)
    assert pruning.prune("finished jobs", before, dry_run=True) == 2
    assert pruning.prune("finished jobs", before) == 2
    assert Job.objects.get().state == Job.State.DEAD
