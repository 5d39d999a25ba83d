import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.accounts.tests.calls import log_in


@pytest.fixture(autouse=True)
def roomy_rate_limit(settings):
    """These tests ask more than ten times a minute; the limit has tests of its own."""
    settings.RATE_LIMIT_PER_MINUTE = 10_000


@pytest.fixture
def anyone() -> APIClient:
    """A client without a token."""
    return APIClient()


@pytest.fixture
def tokens(anyone: APIClient, user: User) -> dict[str, str]:
    """What the user got by logging in."""
    return log_in(anyone).json()
