"""The same promises by both runners: the embedded loop, and Celery on a real Redis."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction

from ava.jobs import services
from ava.jobs.models import Job
from ava.jobs.tests import kinds
from ava.jobs.tests.runners import CeleryRunner, Runner

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE = 100


@pytest.fixture(params=[Runner, CeleryRunner])
def runner(request: pytest.FixtureRequest, tmp_path: Path, own_kinds: None) -> Iterator[Runner]:
    kinds.register()
    with request.param(tmp_path) as running:
        yield running


def wait(runner: Runner, reached: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not reached():
        assert runner.lives(), runner.output()
        assert time.monotonic() < give_up, (runner.lines(), runner.output())
        time.sleep(0.05)


def finished() -> bool:
    return not Job.objects.filter(
        state=Job.State.QUEUED, kind__in=("effect", "fails_once", "hangs_at_first")
    ).exists()


def test_every_job_is_done_once_and_a_failed_one_tried_again(runner: Runner) -> None:
    with transaction.atomic():
        for number in range(40):
            services.enqueue("effect", {"n": number})
    services.enqueue("fails_once", {"n": "F"})
    wait(runner, finished)
    expected = [*(f"done {number}" for number in range(40)), "tried F", "done F"]
    assert Counter(runner.lines()) == Counter(expected)


def test_a_job_whose_runner_is_killed_is_done_by_the_next(runner: Runner) -> None:
    services.enqueue("hangs_at_first", {"n": 1})
    wait(runner, lambda: runner.lines() == ["begun 1"])
    runner.kill()
    services.enqueue("effect", {"n": 2})
    runner.start()
    wait(runner, finished)
    assert sorted(runner.lines()) == ["begun 1", "done 1", "done 2"]
    assert Job.objects.get(kind="hangs_at_first").attempts == 0


def test_a_broker_that_is_down_delays_no_request_and_is_found_again(
    tmp_path: Path, own_kinds: None
) -> None:
    kinds.register()
    with CeleryRunner(tmp_path) as runner:
        assert isinstance(runner, CeleryRunner)
        services.enqueue("effect", {"n": 1})
        wait(runner, finished)
        runner.redis.stop()
        began = time.monotonic()
        services.enqueue("effect", {"n": 2})
        assert time.monotonic() - began < 1
        wait(runner, lambda: "jobs cannot be found" in runner.output())
        runner.redis.start()
        wait(runner, finished)
        assert sorted(runner.lines()) == ["done 1", "done 2"]
        assert runner.output().count("jobs cannot be found") == 1
        assert runner.output().count("jobs can be found again") == 1
