"""Fixtures of all tests: the sandbox, a user, a logged-in client, a clean slate."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from tests import certificates, resets, tables
from tests.redis import RedisServer

PASSWORD = "correct horse battery staple"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no process waits for one at the end."""
    longest = ("tests/test_chaos", "tests/")
    items.sort(key=lambda item: [not item.nodeid.startswith(place) for place in longest])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    tables.empty_quickly()


@pytest.fixture(autouse=True)
def reset() -> Iterator[Callable[..., None]]:
    """No breaker, count or copy of one test reaches the next; a test calls it for a restart."""
    yield resets.reset
    resets.reset()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(smtp_port=0) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """The providers' sandbox in its seed state, with AVA pointed at it."""
    running_sandbox.reset()
    for provider in ("vapi", "twilio", "resend", "google", "microsoft"):
        setattr(settings, f"{provider.upper()}_BASE_URL", f"{running_sandbox.url}/{provider}")
    app = ("ava-sandbox", "ava-sandbox-secret")
    settings.OAUTH_APPS = {"google": app, "microsoft": app}
    yield running_sandbox
    # A webhook that is still being stored would meet the emptying of the tables.
    running_sandbox.pause_callbacks()


@pytest.fixture(scope="session")
def running_redis() -> Iterator[RedisServer]:
    with RedisServer(timeout=5) as server:
        yield server


@pytest.fixture
def redis(running_redis: RedisServer, settings: Any) -> RedisServer:
    """An empty Redis that AVA shares."""
    running_redis.flush()
    settings.REDIS_URL = running_redis.url
    return running_redis


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a certificate for 127.0.0.1, its own authority, with its key."""
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", "ada@example.com", PASSWORD)


@pytest.fixture
def browser(user: User) -> Client:
    """A browser that Ada has logged in on."""
    client = Client(headers={"accept": "text/html"})
    client.force_login(user)
    return client


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("eve", "eve@example.com", PASSWORD)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("olga", "olga@example.com", PASSWORD)


def client_of(user: User) -> APIClient:
    """A REST client with a real access token of the user."""
    from ava.accounts import services
    from tests.served import ServedClient

    client = ServedClient()
    tokens = services.open_session(user=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access_token}")
    return client


@pytest.fixture
def api(user: User) -> APIClient:
    return client_of(user)


@pytest.fixture
def strangers_api(stranger: User) -> APIClient:
    return client_of(stranger)
