"""POST /api/v1/integrations/resend/credentials/verify, against the sandbox."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.resend import provider
from sandbox.server import Sandbox
from sandbox.wire import Answer

PATH = "/api/v1/integrations/resend/credentials/verify"
REFUSED = "Invalid Resend API key. Please update your credentials in Settings."


@pytest.fixture(autouse=True)
def _resend(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def store(user: User, key: str) -> None:
    values = {"api_key": key, "from_email": "ada@example.com"}
    credentials.save(user=user, provider="resend", values=values, actor=user, source="api")


def test_a_good_key_is_accepted(api: APIClient, user: User, sandbox: Sandbox) -> None:
    store(user, "re_demo")
    answer = api.post(PATH, headers={"X-Correlation-ID": "verify-1"})
    assert (answer.status_code, answer.json()["message"]) == (200, "Resend accepted the key.")
    (arrived,) = sandbox.requests("resend")
    assert (arrived.method, arrived.path) == ("GET", "/domains")
    assert arrived.headers["x-correlation-id"] == "verify-1"


def test_a_wrong_key_is_refused(api: APIClient, user: User) -> None:
    store(user, "re_planted_wrong_key")
    answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)
    assert answer["WWW-Authenticate"] == 'Resend realm="provider"'
    assert "planted" not in answer.content.decode()


def test_a_key_that_may_only_send_is_good_enough(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As documented at https://resend.com/docs/api-reference/errors#restricted_api_key
    said = (401, "restricted_api_key", "This API key is restricted to only send emails")
    monkeypatch.setattr(provider.Resend, "answer", lambda *_: provider.error(*said))
    store(user, "re_sending_only")
    answer = api.post(PATH)
    assert answer.status_code == 200
    assert "may only send" in answer.json()["message"]


def test_a_refusal_nested_without_end_is_a_refusal(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider.Resend, "answer", lambda *_: Answer(401, b"[" * 200_000))
    store(user, "re_demo")
    answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_an_outage_is_answered_as_no_connection(
    api: APIClient, user: User, sandbox: Sandbox, kind: str
) -> None:
    store(user, "re_demo")
    sandbox.faults.add("resend", kind)
    answer = api.post(PATH)
    assert answer.status_code == 502
    assert answer.json()["detail"] == "Connection to Resend failed. Please try again later."
