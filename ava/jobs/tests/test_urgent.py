"""Urgent jobs behind many others."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from ava import jobs
from ava.jobs import queries, services
from ava.jobs.loop import Loop
from ava.jobs.models import Job
from ava.jobs.tests import kinds
from ava.jobs.tests.runners import CeleryRunner
from tests.server import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 300


def ask_for(kind: str, number: int) -> None:
    with transaction.atomic():
        for n in range(number):
            services.enqueue(kind, {"n": n}, due_at=timezone.now() - timedelta(seconds=60))


def test_an_urgent_job_does_not_wait_for_all_that_were_due_before(
    start: Callable[..., Loop],
) -> None:
    ran: list[str] = []
    jobs.register("other", lambda payload: ran.append("other"))
    jobs.register("urgent", lambda payload: ran.append("urgent"), urgent=True)
    ask_for("other", MANY)
    services.enqueue("urgent", {})
    start()
    until(lambda: len(ran) == MANY + 1)
    assert ran.index("urgent") < 20


def test_many_urgent_jobs_do_not_keep_the_others_from_their_turn(
    start: Callable[..., Loop],
) -> None:
    ran: list[str] = []
    jobs.register("other", lambda payload: ran.append("other"))
    jobs.register("urgent", lambda payload: ran.append("urgent"), urgent=True)
    ask_for("urgent", MANY)
    ask_for("other", 10)
    start()
    until(lambda: len(ran) == MANY + 10)
    assert ran[:60].count("other") == 10


def test_jobs_that_hang_leave_room_for_urgent_ones(start: Callable[..., Loop]) -> None:
    def done(number: int) -> bool:
        return Job.objects.filter(kind="urgent", state=Job.State.DONE).count() == number

    let_go = threading.Event()
    jobs.register("hang", lambda payload: let_go.wait(120))
    jobs.register("urgent", lambda payload: None, urgent=True)
    ask_for("hang", 20)
    start()
    try:
        until(lambda: Job.objects.filter(holder__isnull=False).count() == 6)
        # Between any two of these another one would be taken up, if there were a thread for it.
        for n in range(1, 9):
            services.enqueue("urgent", {})
            until(partial(done, n))
    finally:
        let_go.set()
    until(lambda: not Job.objects.filter(state=Job.State.QUEUED).exists())


def test_a_job_that_comes_again_in_a_moment_does_not_wait_for_the_next_look(
    start: Callable[..., Loop],
) -> None:
    at: list[float] = []

    def work(payload: dict[str, Any]) -> None:
        at.append(time.monotonic())
        if len(at) < 10:
            raise jobs.RetryLater(0.1)

    jobs.register("work", work)
    start(poll=600)
    services.enqueue("work", {})
    until(lambda: len(at) == 10)
    assert at[-1] - at[0] < 600


def test_celery_gets_no_more_than_it_can_do_soon_but_all_that_is_urgent(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ava.jobs import celery_dispatch

    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(
        celery_dispatch.run_job,
        "apply_async",
        lambda args, retry, priority: sent.append((args[0], priority)),
    )
    monkeypatch.setattr(celery_dispatch, "MOST_WAITING", 150)
    jobs.register("other", lambda payload: None)
    jobs.register("urgent", lambda payload: None, urgent=True)
    ask_for("other", MANY)
    now = timezone.now()
    while celery_dispatch.send_due(now=now):
        pass
    assert len(sent) == queries.sent_by_tenant(now=now).total()
    assert 150 <= len(sent) < 150 + celery_dispatch.BATCH
    urgent = services.enqueue("urgent", {})
    assert celery_dispatch.send_due(now=timezone.now()) == 1
    assert sent[-1] == (str(urgent.pk), celery_dispatch.FIRST)


def test_an_urgent_job_overtakes_the_others_at_celery(tmp_path: Path, own_kinds: None) -> None:
    kinds.register()
    with CeleryRunner(tmp_path) as runner:
        services.enqueue("effect", {"n": "first"})
        until(lambda: bool(runner.lines()))
        ask_for("effect", MANY)
        services.enqueue("urgent", {"n": "urgent"})
        until(lambda: len(runner.lines()) == MANY + 2)
        assert runner.lines().index("done urgent") < MANY
