import pytest
from django.contrib.auth.models import User

from integrations.credentials import store
from integrations.email.tests.mailing import store_resend, store_smtp
from integrations.email.tests.reporting import ADDRESS, SECRET
from sandbox.server import Sandbox


@pytest.fixture
def sandbox(sandbox: Sandbox, settings: object) -> Sandbox:
    """The sandbox, whose mail server AVA trusts."""
    settings.SANDBOX = True  # type: ignore[attr-defined]
    return sandbox


@pytest.fixture
def resend_user(user: User, sandbox: Sandbox) -> User:
    store_resend(user)
    return user


@pytest.fixture
def both_user(resend_user: User, sandbox: Sandbox) -> User:
    """A user with Resend, and SMTP to fall back to."""
    store_smtp(resend_user, sandbox)
    return resend_user


@pytest.fixture
def smtp_user(user: User, sandbox: Sandbox) -> User:
    store_smtp(user, sandbox)
    return user


@pytest.fixture
def hook(user: User, sandbox: Sandbox) -> str:
    """The path of the user's webhooks, which SECRET proves."""
    store_resend(user, webhook_secret=SECRET)
    row = store.find(user=user, provider="resend")
    assert row is not None
    return f"{ADDRESS}?account={row.pk}"
