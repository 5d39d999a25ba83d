"""`manage.py prune`."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ava import jobs
from ava.accounts import services
from ava.accounts.models import Session, WrongPasswords
from ava.jobs import pruning
from ava.jobs.services import ensure_periodic, run_due
from integrations.breakers.models import BreakerEvent

pytestmark = pytest.mark.database


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def add(days: float, count: int = 1) -> None:
    at = timezone.now() - timedelta(days=days)
    BreakerEvent.objects.bulk_create(
        BreakerEvent(provider="vapi", from_state="closed", to_state="open", reason="old", at=at)
        for _ in range(count)
    )


@pytest.mark.django_db
def test_events_older_than_ninety_days_go_and_the_others_stay() -> None:
    add(91, 3)
    add(89, 2)
    assert "breaker events: 3 deleted" in run()
    assert BreakerEvent.objects.count() == 2


@pytest.mark.django_db
def test_the_days_can_be_chosen() -> None:
    add(8)
    add(6)
    assert "breaker events: 1 deleted" in run("--days", "7")


@pytest.mark.django_db
def test_a_dry_run_counts_and_deletes_nothing() -> None:
    add(91, 3)
    assert "breaker events: 3 would be deleted" in run("--dry-run")
    assert BreakerEvent.objects.count() == 3


@pytest.mark.django_db
def test_more_rows_than_a_batch_all_go() -> None:
    add(91, pruning.BATCH * 2 + 1)
    assert f"breaker events: {pruning.BATCH * 2 + 1} deleted" in run()
    assert not BreakerEvent.objects.exists()


@pytest.mark.django_db
def test_the_daily_job_deletes_what_the_command_does_without_arguments() -> None:
    add(91, 2)
    add(89)
    jobs.register_periodic("prune", pruning.run_daily, every=24 * 3600)
    ensure_periodic()
    assert run_due() > 0
    assert BreakerEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_second_run_finds_nothing() -> None:
    add(91)
    run()
    assert "breaker events: 0 deleted" in run()


@pytest.mark.django_db
@pytest.mark.parametrize("days", ["0", "-1", "soon", "1.5", "99999999999"])
def test_a_wrong_number_of_days_is_refused_and_deletes_nothing(days: str) -> None:
    add(91)
    with pytest.raises(CommandError, match="whole number"):
        run("--days", days)
    assert BreakerEvent.objects.exists()


@pytest.mark.django_db
def test_expired_sessions_go_and_live_ones_stay(user: User) -> None:
    services.open_session(user=user)
    dead = Session.objects.get()
    services.open_session(user=user)
    Session.objects.filter(pk=dead.pk).update(expires_at=timezone.now())
    assert "expired sessions: 1 would be deleted" in run("--dry-run")
    assert Session.objects.count() == 2
    assert "expired sessions: 1 deleted" in run()
    assert not Session.objects.filter(pk=dead.pk).exists()
    assert Session.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["expired sessions", "counters of wrong passwords"])
def test_logins_too_go_a_batch_at_a_time(user: User, name: str) -> None:
    long_ago, count = timezone.now() - timedelta(days=1), pruning.BATCH * 2 + 1
    at = {"created_at": long_ago, "refreshed_at": long_ago, "expires_at": long_ago}
    Session.objects.bulk_create(Session(user=user, **at) for _ in range(count))
    WrongPasswords.objects.bulk_create(
        WrongPasswords(key=str(n), last_at=long_ago, not_before=long_ago) for n in range(count)
    )
    table = {"expired sessions": Session, "counters of wrong passwords": WrongPasswords}[name]
    with CaptureQueriesContext(connection) as asked:
        assert f"{name}: {count} deleted" in run()
    delete = f'DELETE FROM "{table._meta.db_table}"'
    assert sum(query["sql"].startswith(delete) for query in asked) == 3
    assert not table._default_manager.exists()


@pytest.mark.django_db
def test_a_dry_run_counts_the_very_rows_that_a_run_deletes(user: User) -> None:
    now = timezone.now()
    for minutes in (59, 60, 61):
        at = now - timedelta(minutes=minutes)
        WrongPasswords.objects.create(key=str(minutes), last_at=at, not_before=at)
    assert "counters of wrong passwords: 2 would be deleted" in run("--dry-run")
    assert WrongPasswords.objects.count() == 3
    assert "counters of wrong passwords: 2 deleted" in run()
    assert WrongPasswords.objects.get().key == "59"


@pytest.mark.django_db
def test_a_counter_that_is_raised_while_pruning_stays() -> None:
    now = timezone.now()
    at = now - timedelta(days=1)
    WrongPasswords.objects.create(key="a", last_at=at, not_before=at)

    def raise_it(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("DELETE"):
            WrongPasswords.objects.update(last_at=now)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(raise_it):
        pruning.prune("counters of wrong passwords", now)
    assert WrongPasswords.objects.exists()
