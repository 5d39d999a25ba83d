"""Server of the sandbox: `with Sandbox() as sandbox: sandbox.url`."""

import socket
import socketserver
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sandbox.connection import Handler
from sandbox.faults import Faults
from sandbox.google import Google
from sandbox.log import LoggedRequest
from sandbox.mail.mailbox import Mail
from sandbox.microsoft import Microsoft
from sandbox.smtp.certificate import CERTIFICATE
from sandbox.state import SandboxState
from sandbox.twilio import Twilio
from sandbox.vapi import Vapi

if TYPE_CHECKING:
    from sandbox.smtp.server import SmtpServer

STOP_POLL_S = 0.05
JOIN_S = 5.0
PAUSE_S = 5.0


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], state: SandboxState) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__(
            address, type("Handler", (Handler,), {"state": state, "listens_on": address[0]})
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection in a thread of its own, known before it runs."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve until the connection ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def hang_up(self) -> None:
        """Close every client's connection and wait for its thread."""
        with self._lock:
            clients = list(self._open.items())
        for request, _ in clients:
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for _, thread in clients:
            thread.join(JOIN_S)


class Sandbox:
    """The providers on one port, and the SMTP server on another. Port 0 takes a free one.

    Also a context manager: started on entry, stopped on exit.
    """

    # Trusted by apps that are to send mails over STARTTLS.
    smtp_certificate: Path = CERTIFICATE

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, smtp_port: int | None = None
    ) -> None:
        """Bind at once. Raises: what `open_smtp` does; OSError: the address is busy or not ours."""
        self._state = SandboxState()
        self._host = host
        self._server = _Server((host, port), self._state)
        self._smtp: SmtpServer | None = None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), name="sandbox", daemon=True
        )
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_address[1]}"
        if smtp_port is not None:
            self.open_smtp(smtp_port)

    def open_smtp(self, port: int) -> None:
        """Take mails by SMTP, too, once started.

        Raises:
            OSError: the address is busy.
            ModuleNotFoundError: the package aiosmtpd is not installed.
        """
        from sandbox.smtp.server import SmtpServer

        state = self._state
        self._smtp = SmtpServer(self._host, port, state.faults, state.log, state.mailbox)
        state.smtp_port = self._smtp.port

    @property
    def smtp_port(self) -> int | None:
        """Port of the SMTP server; None without one."""
        return self._state.smtp_port

    def start(self) -> None:
        """Serve, in threads of its own."""
        self._thread.start()
        if self._smtp:
            self._smtp.start()

    def stop(self) -> None:
        """Release every held request, close every connection, free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._state.network.stop()
        self._state.faults.clear()
        if self._smtp:
            self._smtp.stop()
        self._server.hang_up()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def faults(self) -> Faults:
        """Fault queue: `sandbox.faults.add("vapi", "status", status=503, count=3)`."""
        return self._state.faults

    @property
    def vapi(self) -> Vapi:
        """Vapi's state, without a trace in the log."""
        return self._state.vapi

    @property
    def twilio(self) -> Twilio:
        """Twilio's state, without a trace in the log."""
        return self._state.twilio

    def mails(self, to: str | None = None) -> list[Mail]:
        """Mails that arrived, whole; all of them, or those that an address got."""
        return self._state.mailbox.mails(to)

    @property
    def google(self) -> Google:
        """Google's state, without a trace in the log."""
        return self._state.google

    @property
    def microsoft(self) -> Microsoft:
        """Microsoft's state, without a trace in the log."""
        return self._state.microsoft

    def pause_callbacks(self) -> None:
        """Send no more callbacks until the next reset; wait for those that are on their way."""
        network = self._state.network
        network.stop()
        network.senders.wait(PAUSE_S)

    def requests(self, provider: str | None = None) -> list[LoggedRequest]:
        """Requests to a provider (or to all), in order."""
        return self._state.log.requests(provider)

    def clear_requests(self, provider: str | None = None) -> None:
        """Forget the requests, and count from zero."""
        self._state.log.clear(provider)

    def connections(self, provider: str | None = None) -> int:
        """Count of TCP connections carried a request since the log was cleared."""
        return self._state.log.connections(provider)

    def served(self, provider: str | None = None) -> int:
        """Count of requests that were answered since the log was cleared."""
        return self._state.log.served(provider)

    def effects(self) -> dict[str, list[Any]]:
        """Effects on people: calls, messages, mails, events."""
        return self._state.effects()

    def reset(self) -> None:
        """Back to the seed data; faults and log are gone."""
        self._state.reset()
