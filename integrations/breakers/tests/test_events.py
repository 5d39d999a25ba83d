"""Breaker events: what the requests did, row by row."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from ava import upstream
from ava.upstream import Transition
from integrations.breakers import services
from integrations.breakers.models import BreakerEvent
from integrations.breakers.services import Forced
from integrations.breakers.tests.conftest import Ask, fail
from sandbox.server import Sandbox
from tests.resets import reset

pytestmark = pytest.mark.database


def rows() -> list[tuple[str, str, str]]:
    """Oldest first: from, to, correlation ID."""
    return [
        (event.from_state, event.to_state, event.correlation_id)
        for event in BreakerEvent.objects.filter(provider="twilio").order_by("id")
    ]


def test_each_change_is_a_row_with_the_id_of_the_request_that_caused_it(
    ask: Ask, sandbox: Sandbox, settings: Any
) -> None:
    settings.BREAKER_RECOVERY_SECONDS = 0
    settings.BREAKER_THRESHOLD = 3
    fail(sandbox, ask, times=3)
    assert ask("probe-1").status_code == 200
    assert ask("probe-2").status_code == 200
    assert ask("after").status_code == 200
    assert rows() == [
        ("closed", "open", "outage-3"),
        ("open", "half_open", "probe-1"),
        ("half_open", "closed", "probe-2"),
    ]
    first = BreakerEvent.objects.order_by("id").first()
    assert first is not None
    assert first.reason == "3 failures in a row"
    assert abs((timezone.now() - first.at).total_seconds()) < 60


def test_refused_requests_leave_no_rows(ask: Ask, sandbox: Sandbox) -> None:
    fail(sandbox, ask)
    for number in range(5):
        assert ask(f"refused-{number}").status_code == 503
    assert rows() == [("closed", "open", "outage-1")]


def test_a_database_that_refuses_the_row_never_breaks_the_call(
    ask: Ask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(BreakerEvent, "save", refuse)
    fail(sandbox, ask)
    assert ask("refused").status_code == 503
    assert rows() == []
    assert "breaker event not stored" in caplog.text


def test_an_order_leaves_one_row_and_not_a_second_when_the_breaker_obeys(ask: Ask) -> None:
    assert ask("before").status_code == 200
    services.override(Forced.OPEN, provider="twilio", reason="repair", by=None, now=timezone.now())
    assert ask("refused").status_code == 503
    services.override(None, provider="twilio", reason="repaired", by=None, now=timezone.now())
    assert ask("after").status_code == 200
    assert [event.reason for event in BreakerEvent.objects.order_by("id")] == [
        "forced open: repair (the command line)",
        "reset: repaired (the command line)",
    ]


def test_an_order_that_a_newer_one_replaces_while_it_is_obeyed_leaves_no_second_row(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_it(transition: Transition) -> None:
        monkeypatch.undo()
        services.override(None, provider="twilio", reason="no", by=None, now=timezone.now())
        services.record(transition)

    assert ask("before").status_code == 200
    services.override(Forced.OPEN, provider="twilio", reason="repair", by=None, now=timezone.now())
    monkeypatch.setattr(upstream.hooks, "listeners", [replace_it])
    assert ask("refused").status_code == 503
    assert ask("after").status_code == 200
    assert [event.reason for event in BreakerEvent.objects.order_by("id")] == [
        "forced open: repair (the command line)",
        "reset: no (the command line)",
    ]


def test_the_same_reason_after_a_restart_is_a_new_row(ask: Ask, sandbox: Sandbox) -> None:
    fail(sandbox, ask)
    reset()  # as a restart does: the new process begins with closed breakers
    fail(sandbox, ask)
    assert rows() == [("closed", "open", "outage-1")] * 2
