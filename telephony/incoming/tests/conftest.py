"""AVA where the sandbox can call it back, and calls that it follows."""

from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.conftest import CALLS, OURS, THEIRS, run_jobs
from telephony.incoming.tests.lines import connect
from telephony.incoming.tests.proxies import PUBLIC


@pytest.fixture
def ava(live_server: LiveServer, sandbox: Sandbox, settings: Any) -> str:
    """AVA under a public address that the sandbox can call."""
    settings.PUBLIC_URL = live_server.url
    settings.RATE_LIMIT_PER_MINUTE = 1000
    return str(live_server.url)


@pytest.fixture
def owner(twilio_user: User) -> User:
    """A user whose calls an assistant at Vapi takes."""
    connect(twilio_user)
    return twilio_user


@pytest.fixture(params=[1, 2], ids=["one proxy", "two proxies"])
def proxies(request: pytest.FixtureRequest, settings: Any) -> int:
    """AVA behind so many proxies, which it trusts."""
    settings.PUBLIC_URL = PUBLIC
    settings.TRUSTED_PROXIES = request.param
    settings.ALLOWED_HOSTS = ["*"]
    return int(request.param)


def place(api: APIClient, **more: Any) -> str:
    answer = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello & welcome", **more})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, call: str) -> dict[str, Any]:
    run_jobs()
    return dict(api.get(f"{CALLS}/{call}").json())


def listed(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Twilio's own list of calls."""
    address = f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    found = requests.get(address, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()
    return list(found["calls"])
