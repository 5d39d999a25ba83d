"""Prices of calls and messages, which no callback of Twilio's brings."""

from decimal import Decimal
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, callback, phone, run_jobs, until

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
BOTH = pytest.mark.parametrize(
    ("path", "body", "end"),
    [(CALLS, {"say": "Hi"}, "completed"), (MESSAGES, {"body": "Hi"}, "delivered")],
    ids=["call", "message"],
)


@pytest.fixture(autouse=True)
def _ava(live_server: LiveServer, sandbox: Sandbox, settings: Any, twilio_user: User) -> None:
    settings.PUBLIC_URL = live_server.url
    settings.RATE_LIMIT_PER_MINUTE = 1000


def ended(api: APIClient, path: str, body: dict[str, str], end: str) -> str:
    """One that has ended by callbacks, as far as was reported."""
    key = str(api.post(path, PAIR | body).json()["id"])

    def over() -> bool:
        run_jobs()
        return shown(api, path, key)["status"] == end

    until(over)
    found = shown(api, path, key)
    assert (found["price"], found["price_unit"]) == (None, None)
    return key


def shown(api: APIClient, path: str, key: str) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


def reads(sandbox: Sandbox) -> int:
    return sum(one.method == "GET" for one in sandbox.requests("twilio"))


@BOTH
def test_the_price_is_asked_for_some_minutes_after_the_end(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str], end: str
) -> None:
    key = ended(api, path, body, end)
    before = reads(sandbox)
    for seconds in (60, 310, 30_000):
        run_jobs(seconds=seconds)
    found = shown(api, path, key)
    assert (Decimal(found["price"]) < 0, found["price_unit"]) == (True, "USD")
    assert [entry["status"] for entry in found["timeline"]][-1] == end
    assert reads(sandbox) == before + 1


@BOTH
def test_a_price_that_twilio_does_not_tell_is_not_asked_for_for_ever(
    api: APIClient, sandbox: Sandbox, path: str, body: dict[str, str], end: str
) -> None:
    key = ended(api, path, body, end)
    sandbox.faults.add("twilio", "status", status=404, match="GET /2010-04-01/Accounts/AC")
    before = reads(sandbox)
    for minutes in range(0, 24 * 60, 29):
        run_jobs(seconds=minutes * 60)
    assert reads(sandbox) == before + 2
    assert shown(api, path, key)["price"] is None


def test_nothing_is_asked_of_what_costs_nothing(api: APIClient, sandbox: Sandbox) -> None:
    phone(sandbox, "busy")
    ended(api, CALLS, {"say": "Hi"}, "busy")
    before = reads(sandbox)
    for seconds in (60, 310, 30_000):
        run_jobs(seconds=seconds)
    assert reads(sandbox) == before


def test_what_came_in_has_its_price_too(api: APIClient, sandbox: Sandbox, settings: Any) -> None:
    order = {"kind": "message", "from": THEIRS, "to": OURS, "body": "Hello"}
    came = requests.post(f"{sandbox.url}/_sandbox/incoming", json=order, timeout=5).json()
    form = {"MessageSid": came["sid"], "SmsStatus": "received", "From": THEIRS, "To": OURS}
    assert callback(settings.PUBLIC_URL, "message", "n=1", form).status_code == 200

    def kept() -> list[Any]:
        run_jobs()
        return list(api.get(MESSAGES, {"direction": "inbound"}).json()["results"])

    until(kept)
    run_jobs(seconds=310)
    [message] = kept()
    assert message["price"] is not None
