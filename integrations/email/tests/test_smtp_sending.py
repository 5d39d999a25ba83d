"""Mails by SMTP: what its server says, and what it does not say any more."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.email.tests.mailing import MAIL, MESSAGES, arrived, fault, run_jobs, store_smtp
from sandbox.server import Sandbox

OPEN = "No answer came: the e-mail may have gone out, or not. AVA does not send it a second time."


@pytest.mark.parametrize("match", ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT"])
@pytest.mark.parametrize("kind", ["refuse", "reset"])
def test_a_connection_that_breaks_before_the_text_sends_nothing(
    api: APIClient, smtp_user: User, sandbox: Sandbox, match: str, kind: str
) -> None:
    fault(sandbox, "smtp", kind, match=f"{match} /", count=1)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["detail"]) == (
        502,
        "Connection to SMTP failed. Please try again later.",
    )
    [row] = api.get(MESSAGES).json()["results"]
    assert row["status"] == "failed"
    assert arrived(sandbox) == []


@pytest.mark.parametrize(("faults", "status"), [(0, "answered"), (1, "SMTPServerDisconnected")])
def test_the_story_of_a_mail_has_the_attempt_at_its_server(
    api: APIClient, smtp_user: User, sandbox: Sandbox, faults: int, status: str
) -> None:
    if faults:
        fault(sandbox, "smtp", "reset", match="MAIL /", count=faults)
    given = api.post(MESSAGES, MAIL).headers["X-Correlation-ID"]
    story = api.get(f"/api/v1/activity/{given}").json()["entries"]
    [attempt] = [one for one in story if one["kind"] == "attempt"]
    assert (attempt["summary"], attempt["status"]) == ("SMTP: one session", status)
    assert attempt["duration_ms"] > 0


@pytest.mark.parametrize(("when", "mails"), [("before", 0), ("after", 1)])
def test_a_connection_that_breaks_after_the_text_leaves_it_unknown_for_good(
    api: APIClient, smtp_user: User, sandbox: Sandbox, when: str, mails: int
) -> None:
    fault(sandbox, "smtp", "reset", when=when, match="DATA /", count=1)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["status"]) == (202, "unknown")
    assert answer.json()["error"] == OPEN
    run_jobs(seconds=3600)
    found = api.get(f"{MESSAGES}/{answer.json()['id']}").json()
    assert (found["status"], found["error"]) == ("unknown", OPEN)
    assert len(arrived(sandbox)) == mails


@pytest.mark.parametrize(
    ("match", "status", "code"),
    [
        ("AUTH", 535, "provider_auth_failed"),
        ("AUTH", 451, "provider_unreachable"),
        ("MAIL", 550, "mail_sender_refused"),
        ("RCPT", 550, "mail_refused"),
        ("RCPT", 451, "provider_unreachable"),
        ("DATA", 550, "mail_refused"),
        ("DATA", 451, "provider_unreachable"),
        ("CONNECT", 421, "provider_unreachable"),
    ],
)
def test_what_the_server_says_no_to_is_not_sent_and_a_sentence(
    api: APIClient, smtp_user: User, sandbox: Sandbox, match: str, status: int, code: str
) -> None:
    fault(sandbox, "smtp", "status", status=status, match=f"{match} /")
    answer = api.post(MESSAGES, MAIL)
    assert answer.json()["code"] == code, answer.content
    [row] = api.get(MESSAGES).json()["results"]
    assert (row["status"], row["error"]) == ("failed", answer.json()["detail"])
    assert arrived(sandbox) == []


def test_a_senders_domain_of_another_script_is_ascii_in_every_header(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store_smtp(user, sandbox, from_email="Ada@münchen.example")
    mine = api.post(MESSAGES, {**MAIL, "transactional": False}).json()["id"]
    headers = arrived(sandbox)[0]["headers"]
    assert headers["From"] == "Ada@xn--mnchen-3ya.example"
    assert headers["Message-ID"].strip() == f"<{mine}@xn--mnchen-3ya.example>"
    assert headers["List-Unsubscribe"].isascii()


@pytest.mark.parametrize("refused", ["no@example.org", "no@MÜNCHEN.example"])
def test_a_recipient_that_is_refused_fails_and_the_others_get_it(
    api: APIClient, smtp_user: User, sandbox: Sandbox, refused: str
) -> None:
    fault(sandbox, "smtp", "status", status=550, match="RCPT /", count=1)
    answer = api.post(MESSAGES, {**MAIL, "to": [refused, "yes@example.org"]})
    assert answer.status_code == 201
    assert [(one["status"], one["detail"]) for one in answer.json()["recipients"]] == [
        ("failed", "The mail server refused this recipient."),
        ("sent", ""),
    ]
    assert len(arrived(sandbox)) == 1


def test_the_users_own_server_says_nothing_about_those_of_others(
    api: APIClient, smtp_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "smtp", "refuse")
    for _ in range(4):
        assert api.post(MESSAGES, MAIL).status_code == 502
    sandbox.faults.clear()
    assert api.post(MESSAGES, MAIL).status_code == 201


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1"])
def test_in_production_no_mail_goes_into_the_operators_network(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any, host: str
) -> None:
    settings.PRODUCTION = True
    store_smtp(user, sandbox, host=host, port=25)
    answer = api.post(MESSAGES, MAIL)
    assert (answer.status_code, answer.json()["code"]) == (400, "smtp_host_refused")
    assert sandbox.requests("smtp") == []


def test_a_server_that_the_operator_allows_may_be_private(
    api: APIClient, smtp_user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.PRODUCTION, settings.SMTP_HOSTS = True, ("127.0.0.1",)
    assert api.post(MESSAGES, MAIL).status_code == 201
