"""A user with Twilio credentials that the sandbox knows."""

import pytest
from django.contrib.auth.models import User

from integrations.credentials import services as credentials
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN

GOOD = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}


def store(user: User, **changes: str) -> None:
    """Store Twilio credentials for the user, the sandbox's own unless changed."""
    credentials.save(
        user=user, provider="twilio", values={**GOOD, **changes}, actor=user, source="api"
    )


@pytest.fixture
def twilio_user(user: User) -> User:
    store(user)
    return user
