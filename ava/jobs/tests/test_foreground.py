"""Whom somebody waits for goes before jobs."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.utils import timezone

from ava import jobs
from ava.jobs import foreground, services
from ava.jobs.loop import Loop
from ava.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loop() -> Iterator[Loop]:
    running = Loop(threads=1, poll=0.01)
    yield running
    running.stop()


def test_no_job_begins_while_somebody_waits(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreground.give_way, "__defaults__", (60.0,))
    began = threading.Event()
    jobs.register("work", lambda payload: began.set())
    services.enqueue("work", {}, due_at=timezone.now())
    with foreground.busy():
        with foreground.busy():
            loop.start()
        assert not began.wait(0.3)
    assert began.wait(30)


def test_jobs_are_done_however_much_comes_in(loop: Loop) -> None:
    done: list[float] = []
    jobs.register("work", lambda payload: done.append(time.monotonic()))
    for _ in range(5):
        services.enqueue("work", {})
    with foreground.busy():
        loop.start()
        give_up = time.monotonic() + 30
        while len(done) < 5:
            assert time.monotonic() < give_up
            time.sleep(0.01)
    assert Job.objects.exists()
