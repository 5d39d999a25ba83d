"""SMTP client: verification of a login, sending (RFC 5321, RFC 4954, RFC 3207)."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.utils import DNS_NAME

from ava import upstream
from ava.conf import egress
from ava.upstream import Deadline, Service
from ava.upstream.circuit import Outcome
from ava.upstream.errors import ProviderAuthFailed, ProviderUnreachable
from integrations.credentials.store import Credentials
from integrations.email import hosts
from integrations.email.errors import MailRefused, MailSenderRefused

SMTP = Service("smtp", "SMTP")

MOST_REPLIES = 64 * 1024  # bytes of a connection's replies; counted from 0 again after STARTTLS
_FAULTS = (OSError, smtplib.SMTPException, ValueError)
"""ValueError: smtplib could not make out a reply, or not send a name or a password."""


class OwnServerUnreachable(ProviderUnreachable):
    """The mail server is the user's own choice: it says nothing about anybody else's."""

    outcome = Outcome.NEUTRAL


def verify(credentials: Credentials) -> str:
    """Log in at the mail server, send nothing, and return a sentence for people."""

    def work(deadline: Deadline) -> None:
        with _session(credentials, deadline):
            pass

    upstream.door(SMTP.label).guard(work)
    return "The mail server accepted the login. Nothing was sent."


def send(
    message: EmailMessage, *, credentials: Credentials, before_text: Callable[[], None]
) -> Mapping[str, str]:
    """Send a mail. The addresses that the server refused, each with a sentence.

    Args:
        before_text: called when the server is ready for the text, the last moment to raise. From
            then on, until its answer, the mail may be sent.

    Raises: MailRefused, MailSenderRefused, SmtpHostRefused, ProviderProblem; what `before_text`
        raises. Only a ProviderUnreachable that is not `unsent` may mean that it was sent.
    """

    def work(deadline: Deadline) -> Mapping[str, str]:
        with _session(credentials, deadline, before_text) as client:
            backend = EmailBackend()
            backend.connection = client
            try:
                backend.send_messages([message])
            except smtplib.SMTPResponseException as refusal:
                if refusal.smtp_code < 500:
                    raise _unreachable(credentials, _cause(refusal, deadline)) from None
                raise _refusal(refusal, message.from_email) from None
            except smtplib.SMTPRecipientsRefused as refusal:
                codes = [code for code, _ in refusal.recipients.values()]
                if all(code < 500 for code in codes):
                    raise _unreachable(credentials, f"answered {codes[0]}") from None
                raise MailRefused("The mail server refused every recipient.") from None
        sentence = "The mail server refused this recipient."
        return dict.fromkeys(client.refused, sentence)

    return upstream.door(SMTP.label).guard(work)


def _refusal(
    refusal: smtplib.SMTPResponseException, sender: str
) -> MailRefused | MailSenderRefused:
    if isinstance(refusal, smtplib.SMTPSenderRefused):
        return MailSenderRefused(
            f"The mail server does not send from {sender}. Change the from_email in Settings."
        )
    return MailRefused("The mail server refused the e-mail.")


def _unreachable(
    credentials: Credentials, cause: str, *, unsent: bool = True
) -> ProviderUnreachable:
    kind = OwnServerUnreachable if credentials.source == "user" else ProviderUnreachable
    problem = kind(SMTP, unsent=unsent)
    problem.cause = cause
    return problem


def _cause(fault: Exception, deadline: Deadline) -> str:
    """A failure in words. What the server said is left out: it may name people."""
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"answered {fault.smtp_code}"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"certificate refused ({fault.verify_message})"
    return "deadline" if deadline.expired else type(fault.__cause__ or fault).__name__


@contextmanager
def _session(
    credentials: Credentials, deadline: Deadline, before_text: Callable[[], None] = lambda: None
) -> "Iterator[_Connection]":
    """A connection that is logged in. Raises: SmtpHostRefused, ProviderProblem."""
    fields = credentials.fields
    host, port, security = fields["host"], int(fields["port"]), fields["security"]
    client: _Connection | None = None
    try:
        strict = settings.PRODUCTION and credentials.source == "user"
        address = hosts.resolve(
            host, port, strict=strict and host.lower() not in settings.SMTP_HOSTS
        )
        client = _Connection(host, address, port, deadline, before_text, tls=security == "tls")
        client.ehlo_or_helo_if_needed()
        if security == "starttls":
            client.starttls(context=egress.tls())
            client.ehlo()
        if fields["username"]:
            client.login(fields["username"], fields["password"])
        yield client
        with suppress(OSError, smtplib.SMTPException):  # all that was wanted has been accepted
            client.quit()
    except smtplib.SMTPAuthenticationError as refusal:
        # 4xx: the server cannot check the login now (RFC 4954, section 6).
        cause = _cause(refusal, deadline)
        if refusal.smtp_code < 500:
            raise _unreachable(credentials, cause) from None
        problem = ProviderAuthFailed(SMTP)
        problem.cause = cause
        raise problem from None
    except _FAULTS as fault:
        unsent = client is None or not client.is_taking
        raise _unreachable(credentials, _cause(fault, deadline), unsent=unsent) from None
    finally:
        if client is not None:
            client.close()


class _Connection(smtplib.SMTP):
    """Connection to an address already checked, with TLS for the name, under a deadline."""

    def __init__(
        self,
        host: str,
        address: str,
        port: int,
        deadline: Deadline,
        before_text: Callable[[], None],
        *,
        tls: bool,
    ) -> None:
        self._address, self._deadline, self._tls = address, deadline, tls
        self._before_text = before_text
        self.is_taking = False  # the text may be with the server, which has not said so
        self.refused: Mapping[str, Any] = {}
        # The host's name is looked up once: that would be no part of the deadline.
        name = DNS_NAME.get_fqdn()
        super().__init__(host, port, local_hostname=name, timeout=max(deadline.left(), 0.001))

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
        if self.is_taking:  # its word on the mail, which counts however late it is
            self.is_taking = False
            return reply
        if self.sock is not None:
            self._deadline.bound(self.sock)  # for what is sent next, and a handshake
        if reply[0] == 354:  # it waits for the text (RFC 5321, section 4.1.1.4)
            self._before_text()
            self.is_taking = True
        return reply

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        self.refused = super().sendmail(*args, **kwargs)
        return self.refused


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
