"""What becomes of a job: done, again, failed, given up, asked for twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from prometheus_client import REGISTRY

from ava import correlation, jobs
from ava.jobs import running, services
from ava.jobs.models import Job
from ava.problems import Problem

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = timezone.now()

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Work:
    """Work that notes each run, and does what it is told to."""

    def __init__(self, *raises: BaseException | None) -> None:
        self.runs: list[dict[str, object]] = []
        self.ids: list[str] = []
        self._raises = list(raises)

    def __call__(self, payload: dict[str, object]) -> None:
        self.runs.append(payload)
        self.ids.append(correlation.current())
        if self._raises and (fault := self._raises.pop(0)):
            raise fault


@pytest.fixture
def clock() -> Clock:
    return Clock()


def registered(*raises: BaseException | None, attempts: int = 8) -> Work:
    work = Work(*raises)
    jobs.register("work", work, attempts=attempts, lease=30)
    return work


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


def test_what_went_wrong_is_told_without_what_a_foreign_exception_said(clock: Clock) -> None:
    registered(ValueError("sk_secret +15551234567"), Problem("Ask somebody else."))
    job = services.enqueue("work", {})
    clock.turn(1)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert job.last_error.startswith("ValueError at test_jobs.py:")
    clock.turn(60)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert job.last_error == "Problem: Ask somebody else."


def test_again_is_no_failure(clock: Clock) -> None:
    work = registered(*(jobs.Again(20, "not yet") for _ in range(20)), attempts=2)
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


def test_a_payload_that_no_database_takes_is_refused() -> None:
    registered()
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        services.enqueue("work", {"n": float("nan")}, key="k")


def test_runs_are_counted_by_kind_and_outcome_from_zero_on(clock: Clock) -> None:
    def count(outcome: str) -> float | None:
        labels = {"kind": "counted", "outcome": outcome}
        return REGISTRY.get_sample_value("ava_jobs_total", labels)

    jobs.register("counted", Work(ValueError(), jobs.Again(1)))
    assert [count(outcome) for outcome in ("done", "failed", "again", "dead", "lost")] == [0] * 5
    services.enqueue("counted", {})
    clock.turn(1)
    assert REGISTRY.get_sample_value("ava_jobs_due") == 1
    for _ in range(3):
        services.run_due(now=clock)
        clock.turn(60)
    assert [count(outcome) for outcome in ("done", "failed", "again")] == [1, 1, 1]
    assert REGISTRY.get_sample_value("ava_jobs_due") == 0


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


def test_whoever_vanishes_in_the_middle_is_followed_when_the_lease_is_over(clock: Clock) -> None:
    work = registered()
    job = services.enqueue("work", {})
    clock.turn(1)
    assert running.claim(now=clock) is not None
    clock.turn(29)
    assert services.run_due(now=clock) == 0
    clock.turn(1)
    assert services.run_due(now=clock) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, len(work.runs)) == (Job.State.DONE, 0, 1)


def test_whoever_comes_back_after_its_lease_changes_nothing(clock: Clock) -> None:
    registered(None, ValueError())
    services.enqueue("work", {})
    clock.turn(1)
    late = running.claim(now=clock)
    assert late is not None
    clock.turn(31)
    newer = running.claim(now=clock)
    assert newer is not None
    running.run(late, now=clock)
    row = Job.objects.get()
    assert (row.state, row.holder) == (Job.State.QUEUED, newer.holder)


def test_a_job_that_always_kills_who_runs_it_is_given_up(clock: Clock) -> None:
    work = registered()
    job = services.enqueue("work", {})
    clock.turn(1)
    for _ in range(running.MOST_TAKEOVERS + 1):
        assert running.claim(now=clock) is not None
        clock.turn(31)
    services.run_due(now=clock)
    job.refresh_from_db()
    assert (job.state, work.runs) == (Job.State.DEAD, [])
    assert "vanished" in job.last_error


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
    assert services.prune(before, True) == 2
    assert services.prune(before, False) == 2
    assert Job.objects.get().state == Job.State.DEAD


def test_pauses_double_to_a_bound_and_are_spread() -> None:
    assert [running.pause_after(n, lambda: 1.0) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert running.pause_after(1, lambda: 0.0) == 0.5
    assert running.pause_after(10_000, lambda: 1.0) == running.LONGEST_PAUSE
