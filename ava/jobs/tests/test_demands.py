"""Jobs that are asked for twice, during a run, or once more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ava import jobs
from ava.jobs import services
from ava.jobs.models import Job
from ava.jobs.tests.scripted import Clock, registered

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_of_one_key_only_one_job_waits() -> None:
    work = registered()
    first = services.enqueue("work", {"n": 1}, key="call 1")
    second = services.enqueue("work", {"n": 2}, key="call 1")
    services.enqueue("work", {"n": 3}, key="call 2")
    assert first.pk == second.pk
    services.run_due()
    assert work.runs == [{"n": 1}, {"n": 3}]
    services.enqueue("work", {"n": 4}, key="call 1")
    services.run_due()
    assert work.runs[2:] == [{"n": 4}]


def test_a_second_demand_brings_a_job_forward_and_never_puts_it_off(clock: Clock) -> None:
    work = registered()
    services.enqueue("work", {}, key="k", due_at=clock() + timedelta(minutes=5))
    job = services.enqueue("work", {}, key="k", due_at=clock() + timedelta(minutes=9))
    assert job.due_at == clock() + timedelta(minutes=5)
    services.enqueue("work", {}, key="k", due_at=clock() + timedelta(minutes=1))
    clock.turn(61)
    assert services.run_due(now=clock) == 1
    assert len(work.runs) == 1


def test_a_demand_that_comes_during_a_run_is_not_lost() -> None:
    runs = []

    def work(payload: dict[str, object]) -> None:
        runs.append(payload)
        if len(runs) == 1:
            services.enqueue("work", {}, key="k")

    jobs.register("work", work)
    services.enqueue("work", {}, key="k")
    services.run_due()
    assert len(runs) == 2
    assert Job.objects.get().state == Job.State.DONE


def test_a_demand_during_the_last_failing_run_is_not_lost(clock: Clock) -> None:
    runs = []

    def work(payload: dict[str, object]) -> None:
        runs.append(payload)
        if len(runs) == 1:
            services.enqueue("work", {}, key="k")
            raise ValueError

    jobs.register("work", work, attempts=1)
    services.enqueue("work", {}, key="k")
    clock.turn(5)
    services.run_due(now=clock)
    assert (len(runs), Job.objects.get().state) == (2, Job.State.DONE)


def test_a_finished_job_runs_again_when_an_operator_says_so(clock: Clock) -> None:
    work = registered(ValueError(), attempts=1)
    job = services.enqueue("work", {})
    clock.turn(1)
    services.run_due(now=clock)
    job.refresh_from_db()
    services.run_again(job, now=clock())
    assert services.run_due(now=clock) == 1
    job.refresh_from_db()
    assert (job.state, len(work.runs)) == (Job.State.DONE, 2)


def test_a_job_that_waits_or_whose_like_waits_is_not_run_again() -> None:
    registered()
    job = services.enqueue("work", {}, key="k")
    with pytest.raises(services.AlreadyWaiting):
        services.run_again(job, now=timezone.now())
    services.run_due()
    services.enqueue("work", {}, key="k")
    with pytest.raises(services.AlreadyWaiting):
        services.run_again(job, now=timezone.now())
