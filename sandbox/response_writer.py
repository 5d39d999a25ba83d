"""Response writer on a client's socket, including the ways in which a response can fail."""

import socket
import struct
import threading
import time
from collections.abc import Callable

from sandbox.wire import Answer

POLL_S = 0.1


class ResponseWriter:
    """Writes the response to one request. `on_status` gets the status before it leaves."""

    def __init__(
        self, sock: socket.socket, *, head_only: bool, close: bool, on_status: Callable[[int], None]
    ) -> None:
        self._sock = sock
        self._head_only = head_only
        self._on_status = on_status
        self.close = close

    def send(self, answer: Answer) -> None:
        """Send the whole answer."""
        data = self._encode(answer)
        # Logged first: a client that has its answer may read the log before this thread runs on.
        self._on_status(answer.status)
        self._sock.sendall(data)

    def drip(self, answer: Answer, pause_s: float, removed: threading.Event) -> None:
        """Send the answer, head included, one byte per `pause_s`; the rest at once when removed."""
        data = self._encode(answer)
        for place in range(len(data) - 1):
            self._sock.sendall(data[place : place + 1])
            if removed.wait(pause_s):
                self._on_status(answer.status)
                self._sock.sendall(data[place + 1 :])
                return
        self._on_status(answer.status)
        self._sock.sendall(data[-1:])

    def hang(self, longest_s: float | None, removed: threading.Event) -> None:
        """Send nothing until the client leaves, the time is over or the fault is removed."""
        self.close = True
        end = None if longest_s is None else time.monotonic() + longest_s
        self._sock.settimeout(POLL_S)
        while not removed.is_set() and (end is None or time.monotonic() < end):
            try:
                if not self._sock.recv(4096):
                    return
            except TimeoutError:
                continue

    def reset(self) -> None:
        """Close with RST instead of FIN: no lingering."""
        self.close = True
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close_silently(self) -> None:
        """Close with FIN and without a response."""
        self.close = True

    def _encode(self, answer: Answer) -> bytes:
        return answer.encode(head_only=self._head_only, close=self.close)
