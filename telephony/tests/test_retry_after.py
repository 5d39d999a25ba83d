"""A provider that asks for an absurd wait keeps nothing waiting for ever."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.conftest import MESSAGES, OURS, THEIRS, run_jobs, texts, until

pytestmark = pytest.mark.database

NEWS = {"to": THEIRS, "from": OURS, "body": "News"}
ABSURD = {
    "a date": "Fri, 01 Jan 2094 12:00:00 GMT",
    "a number": "9" * 30,
}


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.mark.parametrize(
    ("asked", "passed_on"),
    [*((value, "3600") for value in ABSURD.values()), ("-7", None), ("soon", None), ("30", "30")],
)
def test_it_is_passed_on_within_bounds(
    api: APIClient, twilio_user: User, sandbox: Sandbox, asked: str, passed_on: str | None
) -> None:
    headers = {"Retry-After": asked}
    sandbox.faults.add("twilio", "status", status=429, headers=headers, match="POST /2010-04-01")
    answer = api.post(MESSAGES, NEWS)
    assert (answer.status_code, answer.json()["code"]) == (429, "provider_rate_limited")
    assert answer.headers.get("Retry-After") == passed_on


@pytest.mark.parametrize("asked", ABSURD.values(), ids=ABSURD)
def test_a_batch_goes_on_within_a_quarter_of_an_hour(
    api: APIClient, twilio_user: User, sandbox: Sandbox, asked: str
) -> None:
    headers = {"Retry-After": asked}
    sandbox.faults.add(
        "twilio", "status", status=429, headers=headers, match="POST /2010-04-01", count=1
    )
    body = {"recipients": [THEIRS], "body": "News", "from": OURS}
    assert api.post(f"{MESSAGES}/bulk", body).status_code == 201
    run_jobs()
    run_jobs(seconds=60)
    assert texts(sandbox) == []
    run_jobs(seconds=901)
    until(lambda: texts(sandbox))
