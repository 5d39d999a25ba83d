"""Jobs that fail, that are not done yet, and whose worker vanishes."""

import pytest

from ava import jobs
from ava.http.problems import Problem
from ava.jobs import executor, services
from ava.jobs.models import Job
from ava.jobs.tests.scripted import Clock, registered

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(clock: Clock) -> None:
    work = registered(*(ValueError("+15551234567") for _ in range(3)), attempts=3)
    job = services.enqueue("work", {})
    clock.turn(1)
    pauses = []
    for _ in range(2):
        assert services.run_due(now=clock) == 1
        assert services.run_due(now=clock) == 0
        job.refresh_from_db()
        pauses.append((job.due_at - clock()).total_seconds())
        clock.turn(pauses[-1])
    services.run_due(now=clock)
    job.refresh_from_db()
    assert 0.5 <= pauses[0] <= 1 <= pauses[1] <= 2
    assert (job.state, job.attempts, len(work.runs)) == (Job.State.DEAD, 3, 3)
    clock.turn(10_000)
    assert services.run_due(now=clock) == 0


def test_an_error_is_recorded_without_what_a_foreign_exception_said(clock: Clock) -> None:
    registered(ValueError("sk_secret +15551234567"), Problem("Ask somebody else."))
    job = services.enqueue("work", {})
    clock.turn(1)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert job.last_error.startswith("ValueError at scripted.py:")
    clock.turn(60)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert job.last_error == "Problem: Ask somebody else."


def test_again_is_no_failure(clock: Clock) -> None:
    work = registered(*(jobs.RetryLater(20, "not yet") for _ in range(20)), attempts=2)
    job = services.enqueue("work", {})
    clock.turn(1)
    for _ in range(20):
        assert services.run_due(now=clock) == 1
        clock.turn(19)
        assert services.run_due(now=clock) == 0
        clock.turn(1)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error) == (Job.State.QUEUED, 0, "not yet")
    assert services.run_due(now=clock) == 1
    job.refresh_from_db()
    assert (job.state, len(work.runs)) == (Job.State.DONE, 21)


def test_a_job_whose_process_ended_is_run_again_when_the_lease_is_over(clock: Clock) -> None:
    work = registered()
    job = services.enqueue("work", {})
    clock.turn(1)
    assert executor.Turns().claim(urgent=False, now=clock) is not None
    clock.turn(29)
    assert services.run_due(now=clock) == 0
    clock.turn(1)
    assert services.run_due(now=clock) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, len(work.runs)) == (Job.State.DONE, 0, 1)


def test_a_process_that_comes_back_after_its_lease_changes_nothing(clock: Clock) -> None:
    registered(None, ValueError())
    services.enqueue("work", {})
    clock.turn(1)
    late = executor.Turns().claim(urgent=False, now=clock)
    assert late is not None
    clock.turn(31)
    newer = executor.Turns().claim(urgent=False, now=clock)
    assert newer is not None
    executor.run(late, now=clock)
    row = Job.objects.get()
    assert (row.state, row.holder) == (Job.State.QUEUED, newer.holder)


def test_a_job_that_always_kills_who_runs_it_is_given_up(clock: Clock) -> None:
    work = registered()
    job = services.enqueue("work", {})
    clock.turn(1)
    for _ in range(executor.MOST_LEASE_EXPIRIES + 1):
        assert executor.Turns().claim(urgent=False, now=clock) is not None
        clock.turn(31)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert (job.state, work.runs) == (Job.State.DEAD, [])
    assert "ended in the middle" in job.last_error


def test_pauses_double_to_a_bound_and_are_spread() -> None:
    assert [executor.pause_after(n, lambda: 1.0) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert executor.pause_after(1, lambda: 0.0) == 0.5
    assert executor.pause_after(10_000, lambda: 1.0) == executor.LONGEST_PAUSE
