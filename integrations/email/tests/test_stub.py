"""POST /api/v1/integrations/email/test while nothing is configured."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox

PATH = "/api/v1/integrations/email/test"
MAIL = {"to": "grace@example.com", "subject": "Hello", "text": "It works."}
NOT_SENT = (
    "Email not sent in stub mode. Configure Resend or SMTP in Settings → Email to enable delivery."
)
DISABLED = (
    "Stub integrations are disabled in production. "
    "Please configure a real email provider in Settings."
)
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}


@pytest.fixture(autouse=True)
def _stubs(settings: Any) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}


def without_stubs(settings: Any) -> None:
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": False}


def store(user: User, provider: str, values: dict[str, Any]) -> None:
    credentials.save(user=user, provider=provider, values=values, actor=user, source="api")


def test_in_stub_mode_nothing_is_sent_and_the_answer_says_so(
    api: APIClient, sandbox: Sandbox
) -> None:
    answer = api.post(PATH, MAIL)
    assert answer.status_code == 200
    assert answer.json() == {"backend": "stub", "delivered": False, "message": NOT_SENT}
    assert sandbox.requests("resend") == []


def test_the_mail_is_not_in_the_log(api: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    api.post(PATH, {**MAIL, "text": "planted-text-of-a-mail"})
    assert "planted-text-of-a-mail" not in caplog.text
    assert MAIL["to"] not in caplog.text


def test_without_stubs_and_with_nothing_configured_it_is_refused(
    api: APIClient, settings: Any
) -> None:
    without_stubs(settings)
    answer = api.post(PATH, MAIL)
    assert answer.status_code == 403
    assert answer.json()["detail"] == DISABLED
    assert answer.json()["code"] == "stubs_disabled"


@pytest.mark.parametrize("stubs", [True, False])
def test_with_a_real_provider_configured_the_stub_never_answers_in_its_place(
    api: APIClient, user: User, settings: Any, sandbox: Sandbox, stubs: bool
) -> None:
    if not stubs:
        without_stubs(settings)
    store(user, "resend", RESEND)
    answer = api.post(PATH, MAIL).json()
    assert (answer["backend"], answer["delivered"]) == ("resend", True)
    assert answer["message"] == "Resend has taken the e-mail."


def test_a_strangers_provider_changes_nothing(strangers_api: APIClient, user: User) -> None:
    store(user, "resend", RESEND)
    assert strangers_api.post(PATH, MAIL).json()["backend"] == "stub"


def test_credentials_whose_key_is_lost_are_an_error_and_not_passed_over(
    api: APIClient, user: User
) -> None:
    store(user, "resend", RESEND)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_credential SET secrets = 'v1.gone.AAAA'")
    answer = api.post(PATH, MAIL)
    assert answer.status_code == 400
    assert answer.json()["code"] == "credentials_unreadable"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "not an address"),
        ("to", ""),
        ("to", "ada@example.com\nBcc: eve@example.com"),
        ("to", "a" * 250 + "@example.com"),
        ("subject", ""),
        ("subject", "   "),
        ("subject", "x" * 121),
        ("subject", "Hello\r\nBcc: eve@example.com"),
        ("subject", "nul\x00"),
        ("subject", "Hello\n"),
        ("subject", ["Hello"]),
        ("text", ""),
        ("text", "x" * 2001),
        ("text", None),
        ("text", {"html": "<b>"}),
    ],
)
def test_each_field_is_checked_and_named(api: APIClient, field: str, value: Any) -> None:
    answer = api.post(PATH, {**MAIL, field: value})
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_failed"
    assert list(answer.json()["errors"]) == [field]


def test_a_subject_of_a_megabyte_is_refused_at_once(api: APIClient) -> None:
    began = time.process_time()
    answer = api.post(PATH, {**MAIL, "subject": " " * 900_000 + "\n\n"})
    assert answer.status_code == 400
    assert "120" in answer.json()["errors"]["subject"][0]
    assert time.process_time() - began < 1


@pytest.mark.parametrize("missing", ["to", "subject", "text"])
def test_no_field_may_be_left_out(api: APIClient, missing: str) -> None:
    answer = api.post(PATH, {k: v for k, v in MAIL.items() if k != missing})
    assert list(answer.json()["errors"]) == [missing]


def test_the_longest_fields_are_taken(api: APIClient) -> None:
    assert api.post(PATH, {**MAIL, "subject": "x" * 120, "text": "x" * 2000}).status_code == 200
    assert api.post(PATH, {**MAIL, "subject": "ü", "text": "\n"}).status_code == 200


def test_five_pass_and_the_sixth_is_refused(api: APIClient) -> None:
    assert [api.post(PATH, MAIL).status_code for _ in range(5)] == [200] * 5
    answer = api.post(PATH, MAIL)
    assert answer.status_code == 429
    assert answer.json()["code"] == "rate_limited"
    assert int(answer["Retry-After"]) >= 1


def test_without_a_login_nothing_is_sent(db: None) -> None:
    assert APIClient().post(PATH, MAIL).status_code == 401
