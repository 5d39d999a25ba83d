from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava.accounts.tests.calls import client_with, log_in, make


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


@pytest.fixture
def made(api: APIClient) -> dict[str, Any]:
    answer = make(api)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


@pytest.fixture
def script(made: dict[str, Any]) -> APIClient:
    return client_with(made["token"])


@pytest.fixture
def reader(api: APIClient) -> APIClient:
    return client_with(make(api, scope="read").json()["token"])


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller
