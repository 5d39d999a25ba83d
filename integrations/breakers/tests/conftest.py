"""A breaker to play with: Twilio's, with the sandbox behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.response import Response
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN

Ask = Callable[[str], Response]


@pytest.fixture
def ask(api: APIClient, user: User, sandbox: Sandbox, settings: Any) -> Ask:
    """Have Twilio asked once under a correlation ID. One failure opens the breaker."""
    settings.RATE_LIMIT_PER_MINUTE = 1000
    settings.BREAKER_THRESHOLD = 1
    values = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    credentials.save(user=user, provider="twilio", values=values, actor=user, source="api")

    def ask(correlation_id: str) -> Response:
        headers = {"X-Correlation-ID": correlation_id}
        return api.post("/api/v1/integrations/twilio/credentials/verify", headers=headers)

    return ask


def fail(sandbox: Sandbox, ask: Ask, times: int = 1) -> None:
    """Outages in a row; by the fixture's threshold a single one opens the breaker."""
    sandbox.faults.add("twilio", "status", status=500)
    for number in range(1, times + 1):
        assert ask(f"outage-{number}").status_code == 502
    sandbox.faults.clear()
