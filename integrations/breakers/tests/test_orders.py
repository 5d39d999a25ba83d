"""An operator's orders, obeyed by the breakers of this process."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone

from ava import upstream
from integrations import runtime_config
from integrations.breakers import queries, services
from integrations.breakers.models import BreakerControl, BreakerEvent
from integrations.breakers.services import Forced
from integrations.breakers.tests.conftest import Ask, fail
from integrations.errors import ForceEndsInThePast, UnknownBreaker
from integrations.flags.models import Flag
from sandbox.server import Sandbox


def order(forced: Forced | None, **more: Any) -> None:
    common = {"provider": "twilio", "reason": "", "by": None, "now": timezone.now()} | more
    services.override(forced, **common)


def state() -> str:
    return upstream.door("twilio").snapshot().state


def test_forced_open_lets_nothing_through_until_a_reset(ask: Ask, sandbox: Sandbox) -> None:
    order(Forced.OPEN)
    answer = ask("refused")
    assert answer.status_code == 503
    assert answer.data["code"] == "provider_unavailable"
    assert sandbox.requests("twilio") == []
    assert state() == "open"
    order(None)
    assert state() == "closed"
    assert ask("again").status_code == 200


def test_forced_open_of_one_provider_leaves_the_others_alone(ask: Ask) -> None:
    order(Forced.OPEN, provider="resend")
    assert ask("through").status_code == 200


def test_forced_closed_goes_on_sending_whatever_comes_back(ask: Ask, sandbox: Sandbox) -> None:
    order(Forced.CLOSED)
    fail(sandbox, ask)
    assert ask("still").status_code == 200
    assert state() == "closed"


def test_a_force_ends_by_itself_at_its_time(ask: Ask) -> None:
    order(Forced.OPEN, until=timezone.now() + timedelta(minutes=5))
    assert ask("refused").status_code == 503
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        # What was forced open is tried again like any open breaker: after the recovery time.
        found = queries.list_breakers(now=timezone.now(), live=False, providers=["twilio"])
        assert found[0] == queries.BreakerStatus(
            "twilio",
            "Twilio",
            "open",
            since=BreakerEvent.objects.get().at,
            next_try=0.0,
            reason="forced open: by the command line",
        )


def test_a_reset_closes_a_breaker_that_opened_by_itself(ask: Ask, sandbox: Sandbox) -> None:
    fail(sandbox, ask)
    assert ask("refused").status_code == 503
    order(None, reason="they say it is fixed")
    assert ask("again").status_code == 200
    assert BreakerEvent.objects.latest("id").from_state == "open"


def test_an_unknown_breaker_and_a_force_in_the_past_change_nothing(user: User) -> None:
    with pytest.raises(UnknownBreaker, match=r"Choose one of .*twilio"):
        order(Forced.OPEN, provider="telex")
    with pytest.raises(ForceEndsInThePast):
        order(Forced.OPEN, until=timezone.now() - timedelta(seconds=1))
    assert not BreakerControl.objects.exists()
    assert not BreakerEvent.objects.exists()


def test_while_the_database_is_away_the_last_order_stays_in_force(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(Forced.OPEN)
    assert ask("refused").status_code == 503

    def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(BreakerControl.objects, "all", away)
    runtime_config.expire()
    assert ask("still refused").status_code == 503


def test_a_database_away_from_the_start_orders_nothing(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(BreakerControl.objects, "all", away)
    assert ask("through").status_code == 200


def test_a_long_reason_is_cut_and_the_name_of_the_operator_kept(operator: User) -> None:
    order(Forced.OPEN, reason="x" * 500, by=operator)
    control = BreakerControl.objects.get(provider="twilio")
    assert len(control.reason) == 200
    assert control.reason.endswith("(olga)")


def test_the_switch_turns_breakers_off_at_run_time(ask: Ask, sandbox: Sandbox) -> None:
    fail(sandbox, ask)
    assert ask("refused").status_code == 503
    Flag.objects.update_or_create(
        name="CIRCUIT_BREAKER_ENABLED", defaults={"state": Flag.State.OFF}
    )
    runtime_config.forget()
    assert ask("through").status_code == 200
    assert state() == "closed"
    (found,) = queries.list_breakers(now=timezone.now(), live=False, providers=["twilio"])
    assert (found.state, found.reason) == ("closed", "switched off")


def test_a_reset_of_a_closed_breaker_is_no_event(db: None) -> None:
    order(None)
    assert not BreakerEvent.objects.exists()
    order(Forced.CLOSED)
    order(None)
    assert [event.reason[:6] for event in BreakerEvent.objects.order_by("id")] == [
        "forced",
        "reset:",
    ]


def test_orders_are_numbered_upwards_even_when_the_clock_goes_back(db: None) -> None:
    order(Forced.OPEN)
    first = BreakerControl.objects.get().number
    order(None, now=timezone.now() - timedelta(days=1))
    assert BreakerControl.objects.get().number > first
    BreakerControl.objects.all().delete()
    order(Forced.OPEN)
    assert BreakerControl.objects.get().number > first  # a new database, an old Redis
