"""`manage.py prune`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from ava.accounts import services
from ava.accounts.models import Session
from integrations import pruning
from integrations.breakers.models import BreakerEvent


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
