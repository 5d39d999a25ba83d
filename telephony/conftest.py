"""A user with Twilio credentials that the sandbox knows, phones that behave, jobs that run."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from ava.jobs import services as jobs
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.twilio import signatures

GOOD = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
CALLS = "/api/v1/twilio/calls"
MESSAGES = "/api/v1/twilio/messages"
HOOKS = "/api/v1/webhooks/twilio"
OURS, SUPPORT = "+15005550006", "+15005550010"
THEIRS = "+14155550123"


def store(user: User, **changes: str) -> None:
    """Store Twilio credentials for the user, the sandbox's own unless changed."""
    credentials.save(
        user=user, provider="twilio", values={**GOOD, **changes}, actor=user, source="api"
    )


@pytest.fixture
def twilio_user(user: User) -> User:
    store(user)
    return user


def run_jobs(*, seconds: float = 0.0) -> None:
    """Run the jobs that are due, or will be in so many seconds."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True):
        jobs.run_due()


def phone(sandbox: Sandbox, behaviour: str, **more: Any) -> None:
    """Have the phone at THEIRS behave in some way."""
    order = {"to": THEIRS, "behaviour": behaviour, **more}
    answer = requests.post(f"{sandbox.url}/_sandbox/phone", json=order, timeout=5)
    assert answer.ok, answer.text


def until(reached: Callable[[], object]) -> None:
    """Wait for something that happens elsewhere."""
    give_up = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)


def callback(
    ava: str, kind: str, mark: str, fields: dict[str, str], *, token: str = AUTH_TOKEN
) -> requests.Response:
    """A report of Twilio's on a call or message.

    Args:
        mark: the query of the address, such as call=...&attempt=1; "" for one that came in.
        token: what it is signed with.
    """
    url = f"{ava}{HOOKS}/{kind}{'?' if mark else ''}{mark}"
    form = [*{"AccountSid": ACCOUNT_SID, **fields}.items()]
    headers = {signatures.HEADER: signatures.sign(token, url, form)}
    return requests.post(url, data=form, headers=headers, timeout=10)


def posts(sandbox: Sandbox) -> list[Any]:
    """Requests that asked Twilio to do something."""
    return [one for one in sandbox.requests("twilio") if one.method == "POST"]


def rings(sandbox: Sandbox) -> list[Any]:
    """The phones that really rang."""
    return list(sandbox.effects()["calls"])


def texts(sandbox: Sandbox) -> list[Any]:
    """The messages that were really sent."""
    return list(sandbox.effects()["messages"])
