"""The loop of a web worker, and several at once."""

import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from ava import jobs
from ava.jobs import executor, services
from ava.jobs.loop import Loop
from ava.jobs.models import Job
from tests.server import until

pytestmark = pytest.mark.django_db(transaction=True)


def all_done() -> bool:
    return not Job.objects.exclude(state=Job.State.DONE).exists()


def test_a_job_of_this_process_starts_without_waiting_for_the_next_look(
    start: Callable[..., Loop],
) -> None:
    jobs.register("work", lambda payload: None)
    start(poll=120)
    for _ in range(3):
        services.enqueue("work", {})
        until(all_done)


def run_due_elsewhere() -> int:
    """Run what is due over another connection, as another process would."""

    def run() -> int:
        try:
            return services.run_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_job_that_is_not_committed_does_not_start() -> None:
    jobs.register("work", lambda payload: None)
    with transaction.atomic():
        services.enqueue("work", {})
        assert run_due_elsewhere() == 0
    assert run_due_elsewhere() == 1


def test_a_job_that_hangs_holds_up_no_other(start: Callable[..., Loop]) -> None:
    let_go = threading.Event()
    jobs.register("hang", lambda payload: let_go.wait(30))
    jobs.register("work", lambda payload: None)
    start(threads=3)
    for kind in ("hang", "hang", "work"):
        services.enqueue(kind, {})
    until(lambda: Job.objects.get(kind="work").state == Job.State.DONE)
    assert Job.objects.filter(kind="hang", state=Job.State.QUEUED).count() == 2
    let_go.set()
    until(all_done)


def test_no_more_jobs_run_at_once_than_there_are_threads(start: Callable[..., Loop]) -> None:
    lock, now, most = threading.Lock(), [0], [0]
    in_pairs = threading.Barrier(2, timeout=30)

    def work(payload: dict[str, Any]) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        in_pairs.wait()
        with lock:
            now[0] -= 1

    jobs.register("work", work)
    with transaction.atomic():
        for _ in range(20):
            services.enqueue("work", {})
    start(threads=2)
    until(all_done)
    assert most == [2]


def test_a_stopped_loop_finishes_what_it_has_begun_and_begins_nothing_more(
    start: Callable[..., Loop],
) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def work(payload: dict[str, Any]) -> None:
        begun.set()
        let_go.wait(30)

    jobs.register("work", work)
    loop = start(threads=2)
    services.enqueue("work", {"n": 1})
    assert begun.wait(30)
    stopper = threading.Thread(target=loop.stop)
    stopper.start()
    # The thread that looks for jobs has ended; the other one has its job.
    until(lambda: [thread.name for thread in threading.enumerate()].count("ava-job") == 1)
    services.enqueue("work", {"n": 2})
    assert stopper.is_alive()
    let_go.set()
    stopper.join(30)
    assert Counter(Job.objects.values_list("state", flat=True)) == {"done": 1, "queued": 1}


def test_a_run_that_takes_longer_than_its_lease_keeps_its_job(start: Callable[..., Loop]) -> None:
    taken_over: list[int] = []

    def work(payload: dict[str, Any]) -> None:
        first_lease = Job.objects.get().lease_until
        assert first_lease is not None
        until(lambda: timezone.now() > first_lease)
        taken_over.append(services.run_due())

    jobs.register("work", work, lease=1)
    services.enqueue("work", {})
    start(threads=2)
    until(all_done)
    assert taken_over == [0]


def test_a_run_that_hangs_for_good_is_followed_by_another(
    start: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "LONGEST_RUN", 0.1)
    let_go = threading.Event()
    runs: list[int] = []

    def work(payload: dict[str, Any]) -> None:
        runs.append(1)
        if len(runs) == 1:
            let_go.wait(30)

    jobs.register("work", work, lease=0.5)
    services.enqueue("work", {})
    start(threads=2)
    until(all_done)
    let_go.set()
    assert runs == [1, 1]


def test_a_database_in_trouble_is_logged_once_and_the_loop_goes_on(
    start: Callable[..., Loop], caplog: pytest.LogCaptureFixture
) -> None:
    ran = threading.Event()
    jobs.register("work", lambda payload: ran.set())
    services.enqueue("work", {})
    rename = "ALTER TABLE {} RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("jobs_job", "jobs_away"))
    try:
        start(poll=0.02)
        for _ in range(5):  # looks for jobs
            services.wake_up.set()
            until(lambda: not services.wake_up.is_set())
        assert not ran.is_set()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(rename.format("jobs_away", "jobs_job"))
    assert ran.wait(30)
    until(all_done)

    def said() -> list[str]:
        return [record.msg["event"] for record in caplog.records if record.name == "ava.jobs"]

    until(lambda: len(said()) > 1)
    assert said() == ["jobs cannot be found", "jobs can be found again"]


JOBS, PROCESSES = 120, 8


@pytest.mark.slow
def test_of_eight_processes_on_the_same_rows_one_does_each(tmp_path: Path) -> None:
    effects = os.open(tmp_path / "effects", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    jobs.register("work", lambda payload: os.write(effects, f"{payload['n']}\n".encode()))
    with transaction.atomic():
        for number in range(JOBS):
            services.enqueue("work", {"n": number})
    # Forked: they must not share this process' connection.
    connections.close_all()
    forked = multiprocessing.get_context("fork")
    gate = forked.Barrier(PROCESSES)

    def race() -> None:
        gate.wait()
        services.run_due()

    processes = [forked.Process(target=race) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    os.close(effects)
    done = (tmp_path / "effects").read_text().split()
    assert sorted(map(int, done)) == list(range(JOBS))
    assert all_done()
