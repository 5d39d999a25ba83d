"""The sandbox as a server: `with Sandbox() as sandbox: sandbox.url`."""

import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Self

from sandbox.connection import Handler
from sandbox.faults import Faults
from sandbox.log import Arrival
from sandbox.vapi import Vapi
from sandbox.world import World

STOP_POLL_S = 0.05
JOIN_S = 5.0
HUSH_S = 5.0


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__(
            address, type("Handler", (Handler,), {"world": world, "listens_on": address[0]})
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
    """The providers on one port. Port 0 takes a free one.

    Also a context manager: started on entry, stopped on exit.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Bind at once. Raises: OSError when the address is busy or not ours."""
        self._world = World()
        self._server = _Server((host, port), self._world)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), name="sandbox", daemon=True
        )
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of every held request, close every connection, free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._world.exchange.stop()
        self._world.faults.clear()
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
        """Order faults: `sandbox.faults.add("vapi", "status", status=503, count=3)`."""
        return self._world.faults

    @property
    def vapi(self) -> Vapi:
        """Vapi's state, looked at from behind: nothing of it is logged."""
        return self._world.vapi

    def hush(self) -> None:
        """Call no app back any more: not when this has returned, unless one hangs."""
        exchange = self._world.exchange
        exchange.stop()
        exchange.wires.wait(HUSH_S)

    def requests(self, provider: str | None = None) -> list[Arrival]:
        """What arrived for a provider (or for all), in order."""
        return self._world.log.arrivals(provider)

    def clear_requests(self, provider: str | None = None) -> None:
        """Forget what arrived, and count afresh."""
        self._world.log.clear(provider)

    def connections(self, provider: str | None = None) -> int:
        """How many TCP connections carried a request since the log was cleared."""
        return self._world.log.connections(provider)

    def served(self, provider: str | None = None) -> int:
        """How many requests were answered since the log was cleared."""
        return self._world.log.served(provider)

    def effects(self) -> dict[str, list[Any]]:
        """What really happened: calls, messages, mails, events."""
        return self._world.effects()

    def reset(self) -> None:
        """Back to the seed data; faults and log are gone."""
        self._world.reset()
