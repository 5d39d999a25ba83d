"""While a provider is down or too busy, a request is refused as if it had never been made."""

from contextlib import ExitStack
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava import upstream
from ava.tenant import in_background
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, rings, run_jobs, texts, until
from tests.resets import reset

CALL = (CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}, "twilio")
TEXT = (MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hello"}, "twilio")
TALK = (CALLS, {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}, "vapi")
ALL = pytest.mark.parametrize("what", [CALL, TEXT, TALK], ids=["call", "message", "assistant"])


@pytest.fixture(autouse=True)
def _providers(twilio_user: User, sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    values = {"api_key": "vapi-demo-key"}
    credentials.save(
        user=twilio_user, provider="vapi", values=values, actor=twilio_user, source="api"
    )


@ALL
def test_an_open_breaker_refuses_and_leaves_no_trace(
    api: APIClient, sandbox: Sandbox, what: Any
) -> None:
    path, body, provider = what
    key = {"Idempotency-Key": "k"}
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add(provider, "reset", when="before")
    read = {"twilio": "/api/v1/twilio/numbers", "vapi": "/api/v1/vapi/settings"}[provider]
    for _ in range(3):
        api.get(read)
    sandbox.clear_requests()
    refused = api.post(path, body, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (503, "provider_unavailable")
    assert posts(sandbox) == []
    assert api.get(path).json()["results"] == []
    sandbox.faults.clear()
    reset("breakers")
    assert api.post(path, body, headers=key).status_code == 201
    until(lambda: len(rings(sandbox)) + len(texts(sandbox)) == 1)


@ALL
def test_too_many_at_once_are_refused_and_leave_no_trace(
    api: APIClient, sandbox: Sandbox, what: Any
) -> None:
    path, body, provider = what
    api.get("/api/v1/twilio/numbers")
    bulkhead = upstream.door(provider).bulkhead
    with ExitStack() as others:
        while not bulkhead.is_full:
            others.enter_context(bulkhead.slot())
        refused = api.post(path, body)
    assert (refused.status_code, refused.json()["code"]) == (503, "provider_busy")
    assert api.get(path).json()["results"] == []
    assert api.post(path, body).status_code == 201


def test_what_is_for_later_is_taken_all_the_same(api: APIClient) -> None:
    path, body, _ = CALL
    later = {"send_at": (timezone.now() + timedelta(hours=1)).isoformat()}
    api.get("/api/v1/twilio/numbers")
    bulkhead = upstream.door("twilio").bulkhead
    with ExitStack() as others:
        while not bulkhead.is_full:
            others.enter_context(bulkhead.slot())
        assert api.post(path, body | later).status_code == 201


@ALL
def test_jobs_leave_half_of_the_room_to_people(api: APIClient, sandbox: Sandbox, what: Any) -> None:
    path, body, provider = what
    assert api.post(path, body).status_code == 201
    sandbox.clear_requests()
    with ExitStack() as others, in_background():
        bulkhead = upstream.door(provider).bulkhead
        while not bulkhead.is_full:
            others.enter_context(bulkhead.slot())
        # A look at what was placed, which has to wait.
        Context().run(run_jobs, seconds=5)
        assert sandbox.requests(provider) == []
        assert Context().run(api.post, path, body).status_code == 201
    run_jobs(seconds=30)
    assert [one for one in sandbox.requests(provider) if one.method == "GET"]
