"""The SMTP server: what it takes, from whom, and how it lies in the mailbox."""

import base64
import smtplib
import ssl

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client
from sandbox.tests.mail_client import connected, letter, logged_in, send, tls


def test_a_mail_lies_whole_in_the_mailbox(sandbox: Sandbox, control: Client) -> None:
    message = letter(
        To="Böb <bob@example.org>, carl@example.org",
        Cc="dora@example.org",
        Subject="Grüße",
        **{"Reply-To": "desk@example.com", "X-Entity-Ref-ID": "1"},
    )
    message.set_content("Wie geht es?\n.\nAda")
    message.add_alternative("<p>Wie geht es?</p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    everybody = ["bob@example.org", "carl@example.org", "dora@example.org", "Eve@example.org"]
    send(sandbox, message, everybody)
    (mail,) = control.get("/mailbox?to=eve@example.org").json()["mails"]
    assert mail["headers"].pop("Content-Type").startswith("multipart/mixed")
    assert {name: mail[name] for name in mail if name not in ("id", "at")} == {
        "via": "smtp",
        "from": "Ada <ada@example.com>",
        "to": ["Böb <bob@example.org>", "carl@example.org"],
        "cc": ["dora@example.org"],
        "bcc": ["Eve@example.org"],
        "reply_to": ["desk@example.com"],
        "subject": "Grüße",
        "text": "Wie geht es?\n.\nAda",
        "html": "<p>Wie geht es?</p>",
        "headers": {
            "From": "Ada <ada@example.com>",
            "To": "Böb <bob@example.org>, carl@example.org",
            "Cc": "dora@example.org",
            "Subject": "Grüße",
            "Reply-To": "desk@example.com",
            "X-Entity-Ref-ID": "1",
            "MIME-Version": "1.0",
        },
        "attachments": [
            {
                "filename": "a.pdf",
                "content_type": "application/pdf",
                "content": base64.b64encode(b"%PDF-1.7").decode(),
                "size": 8,
            }
        ],
    }
    (effect,) = control.get("/effects").json()["mails"]
    assert (effect["id"], effect["via"]) == (mail["id"], "smtp")
    assert effect["to"] == [address.lower() for address in everybody]


def test_several_mails_go_over_one_connection(sandbox: Sandbox) -> None:
    client = logged_in(sandbox)
    for number in range(3):
        client.send_message(letter(Subject=f"No. {number}"))
    client.quit()
    assert [mail.subject for mail in sandbox.mails()] == ["No. 0", "No. 1", "No. 2"]
    assert sandbox.connections("smtp") == 1


def test_each_step_is_logged_without_the_password(sandbox: Sandbox, control: Client) -> None:
    send(sandbox)
    answer = control.get("/requests?provider=smtp")
    steps = [(one["method"], one["path"], one["status"]) for one in answer.json()["requests"]]
    assert steps == [
        ("CONNECT", "/", 220),
        ("EHLO", "/", 250),
        ("STARTTLS", "/", 220),
        ("EHLO", "/", 250),
        ("AUTH", "/", 235),
        ("MAIL", "/ada@example.com", 250),
        ("RCPT", "/bob@example.org", 250),
        ("DATA", "/", 250),
        ("QUIT", "/", 221),
    ]
    assert "smtp-demo" not in answer.text
    assert base64.b64encode(b"\0demo\0smtp-demo").decode() not in answer.text


def test_nothing_is_sent_without_login(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    client.starttls(context=tls(sandbox))
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        client.send_message(letter())
    assert refused.value.smtp_code == 530
    client.close()
    assert sandbox.mails() == []


@pytest.mark.parametrize("login", [("demo", "wrong"), ("other", "smtp-demo")])
def test_another_login_is_refused(sandbox: Sandbox, login: tuple[str, str]) -> None:
    client = connected(sandbox)
    client.starttls(context=tls(sandbox))
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login(*login)
    assert refused.value.smtp_code == 535
    client.close()


def test_no_login_is_offered_in_the_clear(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        client.login("demo", "smtp-demo")
    client.close()


def test_its_certificate_is_shown_and_names_this_machine_only(
    sandbox: Sandbox, control: Client
) -> None:
    shown = control.get("/smtp").json()
    assert shown["port"] == sandbox.smtp_port
    assert (shown["username"], shown["password"]) == ("demo", "smtp-demo")
    context = ssl.create_default_context(cadata=shown["certificate"])
    client = connected(sandbox)
    assert client.starttls(context=context)[0] == 220
    client.close()
    client = connected(sandbox)
    setattr(client, "_host", "mail.example.com")  # noqa: B010 - the name that smtplib checks
    with pytest.raises(ssl.SSLCertVerificationError):
        client.starttls(context=context)
    client.close()


def test_who_does_not_trust_it_leaves_before_the_password(sandbox: Sandbox) -> None:
    client = connected(sandbox)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.starttls(context=ssl.create_default_context())
    client.close()
    assert "AUTH" not in [one.method for one in sandbox.requests("smtp")]
