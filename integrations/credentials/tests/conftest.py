import base64
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.credentials.services import Client, clients

VAPI_KEY = "planted-vapi-key-0001"
MASKED = "••••••••0001"
TWILIO = {"account_sid": "AC" + "1f" * 16, "auth_token": "planted-twilio-token-0002"}
SMTP = {
    "host": "mail.example.com",
    "port": 587,
    "security": "starttls",
    "username": "ada",
    "password": "planted päss word 0003",
    "from_email": "ada@example.com",
}


@pytest.fixture
def unlimited(settings: Any) -> None:
    """More requests than AVA's own limit lets pass."""
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.fixture
def address() -> Any:
    return lambda provider, verb="": f"/api/v1/integrations/{provider}/credentials{verb}"


@pytest.fixture
def lose_the_key(settings: Any) -> Any:
    """Call it: from then on the key ring holds another key only."""

    def lose() -> None:
        settings.AVA_KEYS = "k9:" + base64.b64encode(bytes(range(32))).decode()

    return lose


@pytest.fixture
def operators_keys(settings: Any) -> None:
    """The operator allows everybody to use theirs."""
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        "AVA_API_VAPI_API_KEY": "operators-vapi-key-0001",
        "TWILIO_ACCOUNT_SID": "AC" + "0e" * 16,
        "TWILIO_AUTH_TOKEN": "operators-twilio-token",
        "RESEND_API_KEY": "re_operators_key",
    }


@pytest.fixture
def asked() -> Iterator[list[Any]]:
    """The credentials Vapi was asked about; it takes all."""
    seen: list[Any] = []

    def ask(credentials: Any) -> str:
        seen.append(credentials)
        return "Vapi accepted the key."

    present = clients["vapi"]
    clients["vapi"] = Client(ask)
    yield seen
    clients["vapi"] = present
