"""Mails by the operator's account: RESEND_API_KEY and SMTP_URL."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.conf import env, mailserver
from integrations.email.tests.mailing import MAIL, MESSAGES, arrived, fault, store_smtp
from sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def _operators(settings: Any, sandbox: Sandbox) -> None:
    url = f"smtp+starttls://demo:smtp-demo@127.0.0.1:{sandbox.smtp_port}/?from=ops@example.com"
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        "RESEND_API_KEY": "re_demo",
        **{f"SMTP_URL {part}": text for part, text in mailserver.parse(url).items()},
    }


def test_a_user_with_nothing_of_their_own_is_served_by_the_operators_resend(
    api: APIClient, sandbox: Sandbox
) -> None:
    assert api.post(MESSAGES, MAIL).json()["backend"] == "resend"
    assert arrived(sandbox)[0]["from"] == "onboarding@resend.dev"


def test_the_operators_sender_may_have_a_name(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.RESEND_FROM_EMAIL = "Front Desk <desk@example.com>"
    answer = api.post(MESSAGES, {**MAIL, "transactional": False})
    [mail] = arrived(sandbox)
    assert mail["from"] == "Front Desk <desk@example.com>"
    assert mail["headers"]["Message-ID"] == f"<{answer.json()['id']}@example.com>"
    assert mail["headers"]["List-Unsubscribe"] == "<mailto:desk@example.com?subject=unsubscribe>"


def test_the_operators_smtp_takes_over(api: APIClient, sandbox: Sandbox) -> None:
    fault(sandbox, "resend", "status", status=429)
    assert api.post(MESSAGES, MAIL).json()["backend"] == "smtp"
    assert arrived(sandbox)[0]["from"] == "ops@example.com"


def test_a_user_with_an_account_of_their_own_never_sends_by_the_operators(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store_smtp(user, sandbox, password="planted-wrong")
    assert api.post(MESSAGES, MAIL).status_code == 401
    assert arrived(sandbox) == []


def test_each_recipient_counts_until_the_allowance_is_spent(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.ENV_CREDENTIALS_PER_DAY = 3
    two = {**MAIL, "to": ["a@example.org", "b@example.org"]}
    assert api.post(MESSAGES, two).status_code == 201
    answer = api.post(MESSAGES, two)
    assert (answer.status_code, answer.json()["code"]) == (429, "allowance_spent")
    assert "3 recipients of e-mails a day: 1 are left" in answer.json()["detail"]
    rows = api.get("/api/v1/integrations").json()["results"]
    [resend] = [row for row in rows if row["provider"] == "resend"]
    assert resend["allowance"]["left"] == 1
    assert len(arrived(sandbox)) == 1


def test_what_the_operators_smtp_takes_over_counts_until_the_same_allowance_is_spent(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.ENV_CREDENTIALS_PER_DAY = 3
    fault(sandbox, "resend", "status", status=429)
    answers = [api.post(MESSAGES, MAIL) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201] * 3 + [429]
    assert answers[3].json()["code"] == "allowance_spent"
    # Nor does Resend, once it is back, take more.
    sandbox.faults.clear()
    assert api.post(MESSAGES, MAIL).status_code == 429
    assert [mail["via"] for mail in arrived(sandbox)] == ["smtp"] * 3


def test_the_operators_dead_server_opens_the_breaker(
    api: APIClient, sandbox: Sandbox, settings: Any
) -> None:
    settings.OPERATOR_CREDENTIALS = {**settings.OPERATOR_CREDENTIALS, "RESEND_API_KEY": None}
    fault(sandbox, "smtp", "refuse")
    for _ in range(3):
        assert api.post(MESSAGES, MAIL).status_code == 502
    answer = api.post(MESSAGES, MAIL)
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("SMTP is temporarily unavailable.")


@pytest.mark.parametrize(
    "url",
    [
        "smtp.example.com",
        "http://ada:planted@mail.example.com",
        "smtp://ada@mail.example.com/?from=ada@example.com",
        "smtps://mail.example.com",
        "smtps://ada:planted@mail.example.com:99999/?from=ada@example.com",
        "smtps://ada:planted@mail.example.com/path?from=ada@example.com",
        "smtps://ada:planted@mail.example.com/?from=a@b%0d%0aBcc:c@d",
    ],
)
def test_a_url_that_is_none_stops_the_start_and_is_not_shown(url: str) -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({"SMTP_URL": url})
    assert "SMTP_URL must be an SMTP account" in str(refused.value)
    assert "planted" not in str(refused.value)


def test_a_url_is_read_with_its_defaults() -> None:
    found = mailserver.parse("smtps://ada%40example.com:p%2Fw@mail.example.com")
    assert dict(found) == {
        "host": "mail.example.com",
        "port": "465",
        "security": "tls",
        "username": "ada@example.com",
        "password": "p/w",
        "from_email": "ada@example.com",
    }
