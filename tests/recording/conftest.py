"""The studio, with a user who has accounts at Twilio and Vapi."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from ava import upstream
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.recording.studio import DEADLINE, Studio

KEYS = {
    "twilio": {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "default_from": "+15005550006",
    },
    "vapi": {"api_key": "vapi-demo-key"},
}


@pytest.fixture
def studio(
    live_server: LiveServer,
    sandbox: Sandbox,
    settings: Any,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Studio]:
    settings.PUBLIC_URL = live_server.url
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    settings.SANDBOX = True  # its mail server is trusted
    for provider, values in KEYS.items():
        credentials.save(user=user, provider=provider, values=values, actor=user, source="api")
    for door in upstream.doors():
        # A mail server's session has a dozen steps and TLS.
        deadline = 2 * DEADLINE if door.service.label == "smtp" else DEADLINE
        monkeypatch.setattr(door, "policy", replace(door.policy, deadline=deadline))
    with time_machine.travel(timezone.now(), tick=True) as clock:
        yield Studio(live_server.url, sandbox, user, clock)
