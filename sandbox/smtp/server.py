"""SMTP server in a thread of its own."""

import asyncio
import logging
import socket
import threading
from functools import partial
from weakref import WeakSet

from sandbox.faults import Faults
from sandbox.log import RequestLog
from sandbox.mail.mailbox import Mailbox
from sandbox.smtp.certificate import server_context
from sandbox.smtp.session import SmtpSession

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's; it has all that is said


class SmtpServer:
    """The server. Port 0 takes a free one."""

    def __init__(
        self, host: str, port: int, faults: Faults, log: RequestLog, mailbox: Mailbox
    ) -> None:
        """Bind at once. Raises: OSError when the address is busy or not ours."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self._new_session = partial(SmtpSession, server_context(), faults, log, mailbox)
        self._sessions: WeakSet[SmtpSession] = WeakSet()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="sandbox-smtp", daemon=True
        )
        self._ready = threading.Event()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End every session, free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()
        self._socket.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await self._loop.create_server(self._session, sock=self._socket)
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for session in list(self._sessions):
            session.end()
        await asyncio.sleep(0)  # the transports close in the next turn

    def _session(self) -> SmtpSession:
        session = self._new_session()
        self._sessions.add(session)
        return session
