"""Session of one SMTP client: what aiosmtpd speaks, with a log and faults at every step."""

import asyncio
import hmac
import re
import socket
import ssl
import struct
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, TLSSetupException

from sandbox.faults import ActiveFault, Faults
from sandbox.log import RequestLog
from sandbox.mail.mailbox import Mailbox
from sandbox.smtp import HOSTNAME, PASSWORD, USER
from sandbox.smtp.message import mail_from
from sandbox.wire import Request

PROVIDER = "smtp"
POLL_S = 0.05
LARGEST_MAIL = 41_943_040
GARBAGE = "<!DOCTYPE html>"
CLOSING = 421  # the server leaves after it: RFC 5321, section 3.8
INTERMEDIATE = ("334", "354")


class SmtpSession(SMTP):
    """One client. A step is a verb and, where it has one, an address: `RCPT /bob@example.org`."""

    def __init__(
        self, tls: ssl.SSLContext, faults: Faults, log: RequestLog, mailbox: Mailbox
    ) -> None:
        super().__init__(
            _Acceptance(),
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname=HOSTNAME,
            ident="ESMTP",
            tls_context=tls,
            auth_required=True,
            authenticator=_check_login,
            loop=asyncio.get_running_loop(),
        )
        self._faults = faults
        self._log = log
        self._mailbox = mailbox
        self._counted: dict[str, int] = {}
        self._set_status: Callable[[int], None] | None = None
        self._is_greeted = False

    async def push(self, status: AnyStr) -> None:
        """Send one line of a reply. The first of all is the greeting."""
        line = status if isinstance(status, str) else status.decode()
        if not self._is_greeted:
            self._is_greeted = True
            line = await self._fault("CONNECT") or line
        code = line[:3]
        if self._set_status and code.isdigit() and code not in INTERMEDIATE:
            self._set_status(int(code))
            self._set_status = None
        await super().push(line)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._step("EHLO", "", hostname, super().smtp_EHLO)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self._step("STARTTLS", "", arg, super().smtp_STARTTLS)

    async def smtp_AUTH(self, arg: str) -> None:
        await self._step("AUTH", "", arg, super().smtp_AUTH)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._step("MAIL", _address(arg), arg, super().smtp_MAIL)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._step("RCPT", _address(arg), arg, super().smtp_RCPT)

    async def smtp_QUIT(self, arg: str) -> None:
        await self._step("QUIT", "", arg, super().smtp_QUIT)

    async def accept(self, envelope: Envelope) -> str:
        """Take the content of a mail into the mailbox. Returns: the reply."""
        content = envelope.original_content or b""
        mail = mail_from(content, envelope.mail_from or "", envelope.rcpt_tos)
        reply = await self._fault("DATA", work=lambda: self._mailbox.add(mail, len(content)))
        return reply or f"250 2.0.0 OK: queued as {mail.id}"

    async def _step(
        self, verb: str, address: str, arg: Any, work: Callable[[Any], Awaitable[None]]
    ) -> None:
        if reply := await self._fault(verb, address):
            await self.push(reply)
        else:
            await work(arg)

    async def _fault(
        self, verb: str, address: str = "", work: Callable[[], None] = lambda: None
    ) -> str | None:
        """Log a step, do its work, and let the fault act that applies, before or after it.

        Returns: what the fault replies, or None where all goes its way.
        """
        path = f"/{address}"
        self._set_status = self._log.add(PROVIDER, self._counted, Request(verb, path))
        active = self._faults.take(PROVIDER, verb, path)
        if active is None:
            work()
            return None
        if active.fault.when == "after":
            work()
        reply = await self._strike(active)
        if reply is None and active.fault.when == "before":
            work()
        return reply

    async def _strike(self, active: ActiveFault) -> str | None:
        fault = active.fault
        if fault.kind == "hang":
            await _wait(active, fault.delay_ms / 1000 or None)
            self.end()
            raise asyncio.CancelledError
        await _wait(active, fault.delay_ms / 1000)
        match fault.kind:
            case "garbage":
                return GARBAGE
            case "reset" | "refuse":
                self.end(reset=fault.kind == "reset")
                raise asyncio.CancelledError  # this task is over
            case "status" if fault.status == CLOSING:
                await self.push(f"{CLOSING} 4.3.2 Service not available, closing the channel")
                if self.transport is not None:
                    self.transport.close()  # once the reply has left
                raise asyncio.CancelledError
            case "status":
                return f"{fault.status} A fault of the sandbox"
        return None

    def end(self, *, reset: bool = False) -> None:
        """Close the connection at once; with RST instead of FIN, if so asked."""
        if self.transport is None:
            return
        if reset:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()  # type: ignore[attr-defined]


class _Acceptance:
    """Hooks of aiosmtpd."""

    async def handle_DATA(self, server: SmtpSession, session: object, envelope: Envelope) -> str:
        return await server.accept(envelope)

    async def handle_exception(self, error: Exception) -> str:
        if not isinstance(error, TLSSetupException):  # a client that does not trust it leaves
            traceback.print_exception(error)
        return "451 4.3.0 The sandbox failed"


async def _wait(active: ActiveFault, seconds: float | None) -> None:
    """Wait for so long (None: for ever), or until the fault is removed."""
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    while not active.removed.is_set() and (end is None or loop.time() < end):
        await asyncio.sleep(POLL_S if end is None else min(POLL_S, end - loop.time()))


def _address(arg: str | None) -> str:
    found = re.search(r"<([^>]*)>", arg or "")
    return found[1] if found else ""


def _check_login(
    server: object, session: object, envelope: object, mechanism: str, login: LoginPassword
) -> AuthResult:
    good = hmac.compare_digest(login.login, USER.encode()) and hmac.compare_digest(
        login.password, PASSWORD.encode()
    )
    return AuthResult(success=good, handled=False)
