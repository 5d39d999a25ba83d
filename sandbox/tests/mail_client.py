"""A mail client of the sandbox's SMTP server."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage

from sandbox.server import Sandbox

PATIENCE_S = 10


def tls(sandbox: Sandbox) -> ssl.SSLContext:
    """TLS that trusts the sandbox."""
    context = ssl.create_default_context()
    context.load_verify_locations(sandbox.smtp_certificate)
    return context


def connected(sandbox: Sandbox, patience_s: float = PATIENCE_S) -> smtplib.SMTP:
    """A client that has been greeted, and no more."""
    return smtplib.SMTP("127.0.0.1", sandbox.smtp_port or 0, timeout=patience_s)


def logged_in(sandbox: Sandbox, patience_s: float = PATIENCE_S) -> smtplib.SMTP:
    """A client that may send."""
    client = connected(sandbox, patience_s)
    try:
        client.starttls(context=tls(sandbox))
        client.login("demo", "smtp-demo")
    except BaseException:
        client.close()
        raise
    return client


def letter(**headers: str) -> EmailMessage:
    """A mail from Ada to Bob."""
    message = EmailMessage()
    defaults = {"From": "Ada <ada@example.com>", "To": "bob@example.org", "Subject": "Hello"}
    for name, value in {**defaults, **headers}.items():
        message[name] = value
    message.set_content("How are you?")
    return message


def send(
    sandbox: Sandbox,
    message: EmailMessage | None = None,
    to: Sequence[str] | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """Send a mail. Raises: what smtplib does."""
    client = logged_in(sandbox, patience_s)
    try:
        client.send_message(message or letter(), to_addrs=to)
        client.quit()
    finally:
        client.close()
