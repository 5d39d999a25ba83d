"""POST /api/v1/integrations/twilio/credentials/verify, against the sandbox."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, seed
from sandbox.twilio.numbers import Numbers
from telephony.conftest import store

PATH = "/api/v1/integrations/twilio/credentials/verify"
BASE = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def test_good_credentials_are_accepted_by_name(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    answer = api.post(PATH)
    assert answer.status_code == 200
    assert answer.json()["message"] == "Twilio accepted the credentials (account AVA sandbox)."
    assert [arrived.path for arrived in sandbox.requests("twilio")] == [f"{BASE}.json"]


def test_a_wrong_token_is_refused(api: APIClient, user: User) -> None:
    store(user, auth_token="not-the-token")
    answer = api.post(PATH)
    assert answer.status_code == 401
    assert answer.json()["code"] == "provider_auth_failed"
    assert "not-the-token" not in answer.content.decode()


def test_a_wrong_api_key_is_refused_though_the_token_is_right(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store(user, api_key_sid="SK" + "1" * 32, api_key_secret="made-up-secret")
    answer = api.post(PATH)
    assert answer.status_code == 401
    paths = [arrived.path for arrived in sandbox.requests("twilio")]
    assert paths == [f"{BASE}.json", f"{BASE}/IncomingPhoneNumbers.json"]


def test_a_suspended_account_is_reported_as_such(
    api: APIClient, twilio_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(seed.ACCOUNT, "status", "suspended")
    answer = api.post(PATH)
    assert answer.status_code == 409
    assert answer.json()["code"] == "twilio_account_inactive"
    assert "suspended or closed" in answer.json()["detail"]


@pytest.mark.parametrize("odd", [[], {}, {"friendly_name": 5, "status": []}, "text", None])
def test_an_answer_of_another_shape_is_no_crash(
    api: APIClient, twilio_user: User, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    monkeypatch.setattr("sandbox.twilio.provider.ACCOUNT", odd)
    answer = api.post(PATH)
    assert answer.status_code in (200, 502)
    assert answer.json().get("code", "") in ("", "provider_unreachable")


@pytest.mark.parametrize("odd", [[None], ["text"], [[]], [{}], [{"capabilities": "all"}]])
def test_numbers_of_another_shape_are_no_crash(
    api: APIClient, twilio_user: User, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    monkeypatch.setattr(Numbers, "list", lambda *_: odd)
    answer = api.get("/api/v1/twilio/numbers")
    assert answer.status_code in (200, 502)
