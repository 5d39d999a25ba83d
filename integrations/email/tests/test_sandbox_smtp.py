"""The sandbox's mail server, as AVA meets it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox

PATH = "/api/v1/integrations/smtp/credentials/verify"


@pytest.mark.parametrize(("is_on", "status"), [(True, 200), (False, 502)])
def test_its_certificate_is_trusted_in_sandbox_mode_only(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any, is_on: bool, status: int
) -> None:
    settings.SANDBOX = is_on
    values = {
        "host": "127.0.0.1",
        "port": sandbox.smtp_port,
        "security": "starttls",
        "username": "demo",
        "password": "smtp-demo",
        "from_email": "ada@example.com",
    }
    credentials.save(user=user, provider="smtp", values=values, actor=user, source="api")
    assert api.post(PATH).status_code == status
    assert ("AUTH" in [step.method for step in sandbox.requests("smtp")]) == is_on
