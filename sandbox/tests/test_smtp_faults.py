"""Faults of the SMTP server, before and after a mail is accepted."""

import smtplib
import threading
import time
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import until
from sandbox.tests.client import Client
from sandbox.tests.mail_client import connected, send


def subjects(sandbox: Sandbox) -> list[str]:
    return [mail.subject for mail in sandbox.mails()]


@pytest.mark.parametrize("status", [421, 451, 452, 550, 554])
def test_a_status_before_acceptance_refuses_the_mail_once(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add("smtp", "status", status=status, count=1)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(sandbox)
    assert refused.value.smtp_code == status
    assert subjects(sandbox) == []
    send(sandbox)
    assert subjects(sandbox) == ["Hello"]


@pytest.mark.parametrize("status", [454, 535])
def test_a_status_of_the_login_refuses_the_login(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add("smtp", "status", status=status, count=2)  # both of smtplib's mechanisms
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        send(sandbox)
    assert refused.value.smtp_code == status
    assert sandbox.faults.pending() == []


@pytest.mark.parametrize(
    ("match", "error"),
    [
        ("CONNECT /", smtplib.SMTPConnectError),
        ("MAIL /ada@", smtplib.SMTPSenderRefused),
        ("RCPT /bob@example.org", smtplib.SMTPRecipientsRefused),
    ],
)
def test_a_status_strikes_at_the_step_that_it_names(
    sandbox: Sandbox, match: str, error: type[Exception]
) -> None:
    sandbox.faults.add("smtp", "status", status=550, match=match, count=1)
    with pytest.raises(error):
        send(sandbox)
    assert subjects(sandbox) == []
    send(sandbox)


@pytest.mark.parametrize("kind", ["reset", "refuse", "garbage", "status"])
def test_after_acceptance_the_answer_is_lost_and_the_mail_is_not(
    sandbox: Sandbox, kind: str
) -> None:
    sandbox.faults.add("smtp", kind, when="after", count=1)
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(sandbox)
    assert subjects(sandbox) == ["Hello"]


@pytest.mark.parametrize("kind", ["reset", "garbage"])
def test_before_acceptance_the_mail_is_lost_with_the_answer(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add("smtp", kind, count=1)
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(sandbox)
    assert subjects(sandbox) == []


def test_refuse_closes_the_connection_without_a_greeting(sandbox: Sandbox) -> None:
    sandbox.faults.add("smtp", "refuse", count=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connected(sandbox)
    (arrived,) = sandbox.requests("smtp")
    assert (arrived.method, arrived.status) == ("CONNECT", None)
    send(sandbox)


def test_a_reset_is_a_reset(sandbox: Sandbox) -> None:
    sandbox.faults.add("smtp", "reset", match="CONNECT /", count=1)
    with pytest.raises((ConnectionResetError, smtplib.SMTPServerDisconnected), match="reset"):
        connected(sandbox)


@pytest.mark.parametrize(("when", "expected"), [("before", []), ("after", ["Hello"])])
def test_hang_answers_nothing_until_it_is_removed(
    sandbox: Sandbox, when: str, expected: list[str]
) -> None:
    sandbox.faults.add("smtp", "hang", when=when, count=1)
    failed: list[Any] = []

    def attempt() -> None:
        try:
            send(sandbox)
        except smtplib.SMTPServerDisconnected as error:
            failed.append(error)

    sender = threading.Thread(target=attempt)
    sender.start()
    until(lambda: [one.method for one in sandbox.requests("smtp")][-1:] == ["DATA"])
    assert sender.is_alive()
    sandbox.faults.clear()
    sender.join()
    assert len(failed) == 1
    assert subjects(sandbox) == expected


def test_hang_ends_with_its_client_too(sandbox: Sandbox) -> None:
    sandbox.faults.add("smtp", "hang", count=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox, patience_s=0.5)
    send(sandbox)
    assert subjects(sandbox) == ["Hello"]


def test_slow_answers_right_after_a_while(sandbox: Sandbox) -> None:
    sandbox.faults.add("smtp", "slow", delay_ms=300, count=1)
    begun = time.monotonic()
    send(sandbox)
    assert time.monotonic() - begun >= 0.3
    assert subjects(sandbox) == ["Hello"]


def test_faults_show_the_step_they_are_for(control: Client) -> None:
    steps: dict[str, dict[str, Any]] = {
        "CONNECT /": {"kind": "refuse"},
        "AUTH /": {"kind": "status", "status": 535},
        "DATA /": {"kind": "refuse", "when": "after"},
        "RCPT /bob@": {"kind": "status", "match": "RCPT /bob@"},
    }
    for step, fault in steps.items():
        made = control.post("/faults", {"provider": "smtp", **fault}).json()
        assert made["match"] == step
    assert made["status"] == 451
