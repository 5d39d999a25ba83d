"""SMTP client: for now, verification of a login (RFC 5321, RFC 4954, RFC 3207)."""

import smtplib
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import BinaryIO

from django.conf import settings

from ava import upstream
from ava.conf import egress
from ava.upstream import Deadline, Service
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials
from integrations.email import hosts

SMTP = Service("smtp", "SMTP")

MOST_REPLIES = 64 * 1024  # bytes of a connection's replies; anew after STARTTLS


def verify(credentials: Credentials) -> str:
    """Log in at the user's mail server, send nothing, and return a sentence for people.

    The server is the user's own choice, so no failure counts against the breaker.
    """

    try:
        upstream.door(SMTP.label).guard(partial(_log_in, credentials.fields))
    except smtplib.SMTPAuthenticationError as refusal:
        # 4xx: the server cannot check the login now (RFC 4954, section 6).
        refused = refusal.smtp_code >= 500
        raise (ProviderAuthFailed(SMTP) if refused else ProviderUnreachable(SMTP)) from None
    except (OSError, smtplib.SMTPException, ValueError):
        # ValueError: smtplib could not make out a reply, or not send a name or a password.
        raise ProviderUnreachable(SMTP) from None
    return "The mail server accepted the login. Nothing was sent."


def _log_in(fields: Mapping[str, str], deadline: Deadline) -> None:
    host, port, security = fields["host"], int(fields["port"]), fields["security"]
    address = hosts.resolve(host, port, strict=settings.PRODUCTION)
    client = _Connection(host, address, port, deadline, tls=security == "tls")
    try:
        client.ehlo_or_helo_if_needed()
        if security == "starttls":
            client.starttls(context=egress.tls())
            client.ehlo()
        client.login(fields["username"], fields["password"])
        with suppress(OSError, smtplib.SMTPException):  # the login has been accepted already
            client.quit()
    finally:
        client.close()


class _Connection(smtplib.SMTP):
    """Connection to an address already checked, with TLS for the name, under a deadline."""

    def __init__(
        self, host: str, address: str, port: int, deadline: Deadline, *, tls: bool
    ) -> None:
        self._address, self._deadline, self._tls = address, deadline, tls
        super().__init__(host, port, timeout=max(deadline.left(), 0.001))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((self._address, port), timeout)
        if not self._tls:
            return plain
        self._deadline.bound(plain)
        return egress.tls().wrap_socket(plain, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Replies(self._deadline.reader(self.sock))
        reply = super().getreply()
        if self.sock is not None:
            self._deadline.bound(self.sock)  # for what is sent next, and a handshake
        return reply


class _Replies:
    """Replies of a mail server, up to a bound: smtplib collects a reply's lines without one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_REPLIES
        self.close = file.close

    def readline(self, size: int) -> bytes:
        line = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the server says too much")
        return line
