"""Record of a worker's start, where the breakers live in its own process."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from ava.server import worker
from integrations.breakers import queries, services
from integrations.breakers.models import BreakerEvent
from integrations.breakers.services import Forced

pytestmark = pytest.mark.django_db


def opened(provider: str = "twilio") -> None:
    BreakerEvent.objects.create(
        provider=provider,
        from_state="closed",
        to_state="open",
        reason="3 failures in a row",
        at=timezone.now() - timedelta(minutes=1),
    )


def states() -> dict[str, str]:
    return {
        status.provider: status.state
        for status in queries.list_breakers(now=timezone.now(), live=False)
    }


def test_a_start_is_recorded_for_a_breaker_that_was_open() -> None:
    opened()
    assert states()["twilio"] == "open"
    worker.run_hooks()
    assert set(states().values()) == {"closed"}
    event = BreakerEvent.objects.latest("id")
    assert (event.from_state, event.to_state) == ("open", "closed")
    assert event.reason == "a worker started: breakers begin closed"
    worker.run_hooks()
    assert BreakerEvent.objects.count() == 2


def test_what_is_held_by_force_stays_held() -> None:
    services.override(Forced.OPEN, provider="twilio", reason="", by=None, now=timezone.now())
    worker.run_hooks()
    assert states()["twilio"] == "open"


def test_with_redis_breakers_go_on_as_they_were(settings: Any) -> None:
    opened()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    worker.run_hooks()
    assert BreakerEvent.objects.count() == 1


def test_a_database_in_trouble_keeps_nothing_from_starting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    opened()
    monkeypatch.setattr(BreakerEvent, "save", refuse)
    worker.run_hooks()
    assert "start-up hook failed" in caplog.text
