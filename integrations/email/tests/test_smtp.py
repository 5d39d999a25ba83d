"""POST /api/v1/integrations/smtp/credentials/verify, against a mail server of the test's own."""

import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from integrations.credentials import services as credentials
from integrations.email import hosts, smtp
from integrations.email.tests import mailserver
from integrations.email.tests.mailserver import PASSWORD, USER, MailServer

PATH = "/api/v1/integrations/smtp/credentials/verify"
ACCEPTED = "The mail server accepted the login. Nothing was sent."
FAILED = "Connection to SMTP failed. Please try again later."


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mailserver.certify(tmp_path_factory.mktemp("tls"), "localhost")


def store(user: User, server: MailServer, **changes: Any) -> None:
    values = {
        "host": "localhost",
        "port": server.port,
        "security": "none",
        "username": USER,
        "password": PASSWORD,
        "from_email": "ada@example.com",
    }
    credentials.save(
        user=user, provider="smtp", values={**values, **changes}, actor=user, source="api"
    )


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for everything."""
    door = upstream.door("smtp")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=0.5))


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_good_login_is_accepted_and_nothing_is_sent(
    api: APIClient,
    user: User,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = MailServer(certificate, tls=security == "tls", starttls=security == "starttls")
    with server.running():
        store(user, server, security=security)
        answer = api.post(PATH)
    assert (answer.status_code, answer.json()["message"]) == (200, ACCEPTED)
    verbs = [line.split()[0].upper() for line in server.lines]
    assert verbs[0] == "EHLO"
    assert verbs[-1] == "QUIT"
    assert "MAIL" not in verbs
    assert ("STARTTLS" in verbs) == (security == "starttls")


def test_a_refused_login_is_answered_as_such_and_never_opens_the_breaker(
    api: APIClient, user: User, certificate: Path
) -> None:
    with MailServer(certificate).running() as server:
        store(user, server, password="planted-wrong-password")
        for _ in range(5):
            answer = api.post(PATH)
            assert answer.status_code == 401
            assert answer.json()["code"] == "provider_auth_failed"
            assert answer.json()["detail"] == (
                "Invalid SMTP API key. Please update your credentials in Settings."
            )
            assert answer["WWW-Authenticate"] == 'SMTP realm="provider"'
            assert "planted" not in answer.content.decode()
    assert upstream.door("smtp").snapshot().state == "closed"


def test_a_server_that_cannot_check_the_login_now_is_no_wrong_password(
    api: APIClient, user: User, certificate: Path
) -> None:
    server = MailServer(certificate, refusal=b"454 4.7.0 Temporary authentication failure")
    with server.running():
        store(user, server, password="whatever")
        assert api.post(PATH).json()["detail"] == FAILED


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_untrusted_certificate_ends_it_before_the_password_is_sent(
    api: APIClient, user: User, certificate: Path, security: str
) -> None:
    server = MailServer(certificate, tls=security == "tls", starttls=security == "starttls")
    with server.running():
        store(user, server, security=security)
        answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (502, FAILED)
    assert not [line for line in server.lines if line.startswith("AUTH")]


def test_a_certificate_of_another_name_is_refused(
    api: APIClient,
    user: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = mailserver.certify(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with MailServer(other, tls=True).running() as server:
        store(user, server, security="tls")
        assert api.post(PATH).json()["detail"] == FAILED


def test_a_server_without_starttls_does_not_get_the_password_in_clear(
    api: APIClient, user: User, certificate: Path
) -> None:
    with MailServer(certificate).running() as server:
        store(user, server, security="starttls")
        assert api.post(PATH).json()["detail"] == FAILED
    assert not [line for line in server.lines if line.startswith("AUTH")]


@pytest.mark.parametrize("behaviour", [mailserver.drip, mailserver.hang])
def test_a_server_that_drips_or_hangs_ends_at_the_deadline(
    api: APIClient,
    user: User,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Any,
) -> None:
    short(monkeypatch)
    with MailServer(certificate, behaviour=behaviour).running() as server:
        store(user, server)
        started = time.monotonic()
        answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (502, FAILED)
    assert time.monotonic() - started < 5


def test_a_server_that_says_too_much_is_left_before_the_password_is_sent(
    api: APIClient, user: User, certificate: Path
) -> None:
    greeting = b"220-welcome\r\n" * 10_000 + b"220 mail.test ready\r\n"
    with MailServer(certificate, greeting=greeting).running() as server:
        store(user, server)
        answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (502, FAILED)
    assert server.lines == []


@pytest.mark.parametrize("behaviour", [mailserver.babble, mailserver.challenge])
def test_what_is_no_mail_server_is_answered_as_no_connection(
    api: APIClient, user: User, certificate: Path, behaviour: Any
) -> None:
    with MailServer(certificate, behaviour=behaviour).running() as server:
        store(user, server)
        assert api.post(PATH).json()["detail"] == FAILED


def test_one_users_wrong_host_never_opens_the_breaker_for_everybody(
    api: APIClient, user: User, certificate: Path
) -> None:
    with MailServer(certificate).running() as gone:
        pass
    store(user, gone)
    for _ in range(6):
        assert api.post(PATH).status_code == 502
    assert upstream.door("smtp").snapshot().state == "closed"


def test_in_production_a_local_server_is_refused_and_not_connected_to(
    api: APIClient, user: User, certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRODUCTION = True
    with MailServer(certificate).running() as server:
        monkeypatch.setattr(hosts, "MAIL_PORTS", (server.port,))
        store(user, server)
        answer = api.post(PATH)
    assert answer.status_code == 400
    assert answer.json()["code"] == "smtp_host_refused"
    assert server.connections == 0


def test_in_production_a_private_name_an_unknown_one_and_a_port_get_the_same_answer(
    api: APIClient,
    user: User,
    certificate: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.PRODUCTION = True

    def look_up(host: str, port: int, **_: Any) -> Any:
        if host == "mail.inside.example":
            return [(2, 1, 6, "", ("10.0.0.5", port))]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    cases = {
        ("mail.inside.example", 587): "the address is not public",
        ("mail.nowhere.example", 587): "the name cannot be resolved",
        ("a" * 63 + ".nowhere.example", 587): "the name cannot be resolved",
        ("mail.inside.example", 22): "the port is none of mail",
        ("mail.nowhere.example", 22): "the port is none of mail",
    }
    answers = []
    for (host, port), reason in cases.items():
        store(user, MailServer(certificate), host=host, port=port)
        answer = api.post(PATH)
        answers.append({**answer.json(), "correlation_id": ""})
        assert reason in caplog.text
        assert PASSWORD not in caplog.text
        caplog.clear()
    assert (answers[0]["status"], answers[0]["code"]) == (400, "smtp_host_refused")
    assert answers == [answers[0]] * len(cases)


def test_in_development_an_unknown_name_is_answered_as_no_connection(
    api: APIClient, user: User, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    store(user, MailServer(certificate), host="nobody.invalid", port=587)
    answer = api.post(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (502, FAILED)


def test_the_service_is_called_smtp_in_metrics_and_sentences() -> None:
    assert (smtp.SMTP.label, smtp.SMTP.name) == ("smtp", "SMTP")
