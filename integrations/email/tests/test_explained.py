"""A mail that failed, explained by its correlation ID: in the log, by `explain`, on its page."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.breakers import services as breakers
from integrations.email.tests.mailing import MAIL, MESSAGES, fault, store_smtp
from sandbox.server import Sandbox
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)

NO_CONNECTION = "The connection to the provider failed or broke."
NOT_NOW = "The mail server could not do it for now."


def story_of(api: APIClient, caplog: pytest.LogCaptureFixture) -> tuple[str, str, Any]:
    """A mail that failed: its correlation ID, what `explain` says, the log's line."""
    given = api.post(MESSAGES, MAIL).headers["X-Correlation-ID"]
    said = StringIO()
    call_command("explain", given, stdout=said)
    lines: list[Any] = [each.msg for each in caplog.records if each.name == "ava.upstream"]
    [line] = [one for one in lines if one["event"] == "provider operation failed"]
    return given, " ".join(said.getvalue().split()), line


@pytest.mark.parametrize(
    ("order", "cause", "answer", "reason", "remedy"),
    [
        (
            {"kind": "status", "status": 451, "match": "RCPT /"},
            *("answered 451", "answered 451", NOT_NOW, "ask whoever runs the mail server"),
        ),
        (
            {"kind": "status", "status": 421, "match": "CONNECT /"},
            *("answered 421", "answered 421", NOT_NOW, "Try again later"),
        ),
        (
            {"kind": "status", "status": 535, "match": "AUTH /"},
            *("answered 535", "refused", "refused the login.", "Replace it in Settings."),
        ),
        (
            {"kind": "reset", "match": "MAIL /"},
            *("SMTPServerDisconnected", "gave no answer", NO_CONNECTION, "Try again later"),
        ),
    ],
)
def test_cause_answer_and_remedy_of_a_failed_session_are_told(
    api: APIClient,
    caplog: pytest.LogCaptureFixture,
    smtp_user: User,
    sandbox: Sandbox,
    browser: Client,
    order: dict[str, Any],
    cause: str,
    answer: str,
    reason: str,
    remedy: str,
) -> None:
    fault(sandbox, "smtp", **order)
    given, said, line = story_of(api, caplog)
    assert line["cause"] == cause
    page = " ".join(browser.get(f"/activity/{given}").content.decode().split())
    for told in (said, page):
        assert f"SMTP: one session {answer}" in told
        assert reason in told
        assert remedy in told


@pytest.mark.parametrize(
    ("host", "cause", "reason", "remedy"),
    [
        (
            "127.0.0.1",
            "ConnectionRefusedError",
            "Nothing listens at this host",
            "Check them in Set",
        ),
        ("nowhere.invalid", "gaierror", "No address is known for this host.", "Check its name in"),
    ],
)
def test_a_server_that_is_not_there_is_told_apart_from_one_that_fails(
    api: APIClient,
    caplog: pytest.LogCaptureFixture,
    user: User,
    sandbox: Sandbox,
    host: str,
    cause: str,
    reason: str,
    remedy: str,
) -> None:
    store_smtp(user, sandbox, host=host, port=free_port())
    _, said, line = story_of(api, caplog)
    assert line["cause"] == cause
    assert f"gave no answer ({cause})" in said
    assert reason in said
    assert remedy in said


def test_a_mail_that_no_server_was_asked_to_take_is_told_with_the_breaker(
    api: APIClient, smtp_user: User, browser: Client
) -> None:
    held = {"provider": "smtp", "reason": "a rehearsal", "by": None, "now": timezone.now()}
    breakers.override(breakers.Forced.OPEN, **held)
    answer, said = api.post(MESSAGES, MAIL), StringIO()
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    given = answer.headers["X-Correlation-ID"]
    call_command("explain", given, stdout=said)
    page = browser.get(f"/activity/{given}").content.decode()
    for told in (said.getvalue(), page):
        one_line = " ".join(told.split())
        assert "SMTP was not asked: SMTP is temporarily unavailable." in one_line
        assert "its circuit breaker was open." in one_line
        assert "AVA tries again by itself after a short while." in one_line
