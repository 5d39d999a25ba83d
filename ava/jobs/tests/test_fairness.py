"""Jobs of one tenant behind a flood of another's."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ava import jobs, tenant
from ava.jobs import celery_dispatch, executor, queries, services
from ava.jobs.loop import THREADS, Loop
from ava.jobs.models import Job
from tests.server import until

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 150


@pytest.fixture
def ran() -> list[str | None]:
    """Tenants of the jobs that were done, in order."""
    done: list[str | None] = []
    jobs.register("work", lambda payload: done.append(tenant.current()))
    jobs.register("urgent", lambda payload: done.append(tenant.current()), urgent=True)
    return done


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, int]]:
    """Messages to Celery: the job's tenant, and the priority."""
    messages: list[tuple[str | None, int]] = []

    def note(args: tuple[str], retry: bool, priority: int) -> None:
        messages.append((Job.objects.get(pk=args[0]).tenant, priority))

    monkeypatch.setattr(celery_dispatch.run_job, "apply_async", note)
    return messages


def flood(whose: str | None, number: int = MANY, kind: str = "work", ago: int = 600) -> None:
    """Many jobs of one tenant, due for as long as it takes to be before everybody else's."""
    with transaction.atomic(), tenant.bind(whose):
        for _ in range(number):
            services.enqueue(kind, {}, due_at=timezone.now() - timedelta(seconds=ago))


@pytest.mark.parametrize("kind", ["work", "urgent"])
def test_behind_a_flood_of_one_tenant_another_waits_for_one_turn(
    ran: list[str | None], kind: str
) -> None:
    flood("eve", kind=kind)
    flood("ada", 3, kind, ago=1)
    services.run_due()
    assert [n for n, whose in enumerate(ran) if whose == "ada"] == [1, 3, 5]
    assert Counter(ran) == {"eve": MANY, "ada": 3}


def test_behind_a_flood_of_one_tenant_avas_own_work_waits_for_one_turn(
    ran: list[str | None],
) -> None:
    flood("eve")
    services.enqueue("work", {})
    services.run_due()
    assert ran.index(None) == 1


def test_who_comes_in_the_middle_waits_for_no_more_than_a_round(ran: list[str | None]) -> None:
    flood("eve")
    turns = executor.Turns()
    for _ in range(10):
        executor.run(turns.claim(urgent=False))  # type: ignore[arg-type]  # there are more than that
    flood("ada", 1, ago=0)
    for _ in range(2):
        executor.run(turns.claim(urgent=False))  # type: ignore[arg-type]
    assert "ada" in ran


@pytest.mark.slow
def test_behind_ten_thousand_jobs_another_user_waits_for_one_claim_of_few_statements(
    ran: list[str | None],
) -> None:
    ago = timezone.now() - timedelta(minutes=10)
    batch = (Job(kind="work", tenant="eve", due_at=ago, created_at=ago) for _ in range(10_000))
    Job.objects.bulk_create(batch, batch_size=500)
    turns = executor.Turns()
    assert turns.claim(urgent=False).tenant == "eve"  # type: ignore[union-attr]  # of so many
    services.enqueue("work", {}, tenant="ada")
    with CaptureQueriesContext(connection) as asked:
        claimed = [turns.claim(urgent=False) for _ in range(2)]
    assert [job.tenant for job in claimed if job] == ["eve", "ada"]
    words = Counter(one["sql"].split()[0] for one in asked.captured_queries)
    assert (words["SELECT"], words["UPDATE"], words["WITH"]) == (2, 2, 1)
    assert Job.objects.filter(tenant="eve", holder__isnull=True).count() == 9_998


@pytest.mark.parametrize("kind", ["hang", "hang urgently"])
def test_hanging_jobs_of_one_tenant_leave_half_of_the_threads(
    start: Callable[..., Loop], ran: list[str | None], kind: str
) -> None:
    let_go = threading.Event()
    jobs.register("hang", lambda payload: let_go.wait(120))
    jobs.register("hang urgently", lambda payload: let_go.wait(120), urgent=True)
    flood("eve", 20, kind)
    start()
    try:
        until(lambda: Job.objects.filter(holder__isnull=False).count() == THREADS // 2)
        flood("ada", 20)
        flood("ada", 20, "urgent")
        until(lambda: Counter(ran) == {"ada": 40})
        assert Job.objects.filter(holder__isnull=False, tenant="eve").count() == THREADS // 2
    finally:
        let_go.set()
    until(lambda: not Job.objects.filter(state=Job.State.QUEUED).exists())


def test_a_job_and_what_it_asks_for_are_done_for_who_asked(ran: list[str | None]) -> None:
    jobs.register("ask", lambda payload: services.enqueue("work", {}) and None)
    with tenant.bind("ada"):
        services.enqueue("ask", {})
    services.enqueue("work", {}, tenant="eve")
    services.enqueue("work", {})
    services.run_due()
    assert sorted(ran, key=str) == [None, "ada", "eve"]
    assert tenant.current() is None


def test_celery_gets_jobs_of_each_tenant_in_turn(
    ran: list[str | None], sent: list[tuple[str | None, int]]
) -> None:
    flood("eve")
    flood("ada", 3, ago=1)
    assert celery_dispatch.send_due(now=timezone.now()) == celery_dispatch.BATCH // 2 + 3
    assert [whose for whose, _ in sent[:6]] == ["eve", "ada"] * 3


def test_a_flood_of_one_tenant_leaves_room_at_celery_and_its_rest_goes_last(
    ran: list[str | None], sent: list[tuple[str | None, int]]
) -> None:
    flood("eve")
    while celery_dispatch.send_due(now=timezone.now()):
        pass
    assert len(sent) == celery_dispatch.MOST_OF_ONE
    flood("ada", 1, ago=0)
    flood("eve", 1, "urgent")
    while celery_dispatch.send_due(now=timezone.now()):
        pass
    few = celery_dispatch.FEW
    assert [priority for _, priority in sent[:100]] == [3] * few + [9] * (100 - few)
    assert sorted(sent[100:]) == [("ada", 3), ("eve", celery_dispatch.FIRST)]


def test_an_urgent_flood_of_one_tenant_is_no_queue_for_anothers_other_jobs_at_celery(
    ran: list[str | None], sent: list[tuple[str | None, int]]
) -> None:
    flood("eve", kind="urgent")
    flood("ada", 1, ago=0)
    celery_dispatch.send_due(now=timezone.now())
    assert ("ada", 3) in sent
    few = celery_dispatch.FEW
    eves = [priority for whose, priority in sent if whose == "eve"]
    assert eves == [celery_dispatch.FIRST] * few + [6] * (len(eves) - few)
    assert few < len(eves) < celery_dispatch.MOST_OF_ONE


def _plan(statement: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So few rows would be read as they are.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(str(row) for row in cursor.fetchall())


def test_whose_turn_it_is_and_their_first_job_are_found_by_index(ran: list[str | None]) -> None:
    flood("eve", 30)
    flood("ada", 30)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert executor.Turns().claim(urgent=False) is not None
    reads = [one["sql"] for one in asked.captured_queries if one["sql"][:4] in ("SELE", "\nWIT")]
    assert len(reads) == 2
    for statement in reads:
        with transaction.atomic():
            plan = _plan(statement)
        assert "job_due_by_tenant" in plan
        assert "SCAN jobs_job" not in plan
        assert "Seq Scan on jobs_job" not in plan


def test_a_claim_takes_as_many_statements_as_before_tenants(ran: list[str | None]) -> None:
    flood("eve", 10)
    flood("ada", 10)
    turns = executor.Turns()
    with CaptureQueriesContext(connection) as asked:
        for _ in range(10):
            assert turns.claim(urgent=False)
    words = Counter(one["sql"].split()[0] for one in asked.captured_queries)
    # The one, its lease; and who is next, once for each round.
    assert (words["SELECT"], words["UPDATE"], words["WITH"]) == (10, 10, 5)
    assert queries.tenants(now=timezone.now(), urgent=True) == []
