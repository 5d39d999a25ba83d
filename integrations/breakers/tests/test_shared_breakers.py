"""Breakers that live in Redis, as operators see and change them."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.breakers import services
from integrations.breakers.models import BreakerEvent
from integrations.breakers.services import Forced
from integrations.breakers.tests.conftest import Ask, fail
from sandbox.server import Sandbox
from tests.redis import RedisServer
from tests.resets import reset


@pytest.fixture
def redis(settings: Any) -> Iterator[RedisServer]:
    with RedisServer() as server:
        settings.REDIS_URL = server.url
        reset("breakers")
        yield server
        reset("redis", "breakers")


def listed(provider: str) -> str:
    out = StringIO()
    call_command("breakers", "list", provider, stdout=out)
    return out.getvalue()


def test_the_command_shows_the_shared_breaker_and_not_only_what_was_recorded(
    redis: RedisServer, ask: Ask, sandbox: Sandbox
) -> None:
    fail(sandbox, ask)
    assert "open since" in listed("twilio")
    BreakerEvent.objects.all().delete()
    assert listed("twilio").startswith("twilio     open, next try in")


def test_a_new_worker_finds_the_breaker_as_the_fleet_left_it(
    redis: RedisServer, ask: Ask, sandbox: Sandbox
) -> None:
    fail(sandbox, ask)
    reset("breakers")  # as in another process
    assert ask("refused").status_code == 503
    assert BreakerEvent.objects.count() == 1


def test_a_lost_redis_is_said_in_words_and_shows_what_was_recorded(
    redis: RedisServer, ask: Ask, sandbox: Sandbox, operator: Any
) -> None:
    fail(sandbox, ask)
    redis.stop()
    reset("breakers")  # the command is a process that has seen nothing of the fleet
    text = listed("twilio")
    assert text.startswith("twilio     open since")
    assert "Redis is lost, so each worker goes on alone" in text
    page = Client()
    page.force_login(operator)
    shown = page.get(reverse("admin:integrations_breakercontrol_changelist")).content.decode()
    assert "Redis is lost, so each worker goes on alone" in shown


def test_an_order_while_redis_is_lost_is_obeyed_and_leaves_one_row(
    redis: RedisServer, ask: Ask
) -> None:
    assert ask("before").status_code == 200
    redis.stop()
    services.override(Forced.OPEN, provider="twilio", reason="repair", by=None, now=timezone.now())
    assert ask("refused").status_code == 503
    services.override(None, provider="twilio", reason="repaired", by=None, now=timezone.now())
    assert ask("after").status_code == 200
    assert [event.reason for event in BreakerEvent.objects.order_by("id")] == [
        "forced open: repair (the command line)",
        "reset: repaired (the command line)",
    ]


def test_a_change_made_alone_is_a_row_that_says_so(
    redis: RedisServer, ask: Ask, sandbox: Sandbox
) -> None:
    assert ask("before").status_code == 200
    redis.stop()
    fail(sandbox, ask)
    event = BreakerEvent.objects.get()
    assert event.reason == "1 failures in a row (this worker alone: Redis is lost)"
