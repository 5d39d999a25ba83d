"""A client's TCP connection, and what can go wrong with it."""

import socket
import struct
import threading
import time
from collections.abc import Callable

from sandbox.wire import Answer

LOOK_UP_S = 0.1


class Line:
    """The way back to one client for one request; `answered` is told the status that leaves."""

    def __init__(
        self, sock: socket.socket, *, head_only: bool, close: bool, answered: Callable[[int], None]
    ) -> None:
        self._sock = sock
        self._head_only = head_only
        self._answered = answered
        self.close = close

    def send(self, answer: Answer) -> None:
        """Send the whole answer."""
        data = self._encode(answer)
        # Noted first: a client that has its answer may read the log before this thread runs on.
        self._answered(answer.status)
        self._sock.sendall(data)

    def drip(self, answer: Answer, pause_s: float, lifted: threading.Event) -> None:
        """Send the answer, head included, a byte per `pause_s`; the rest at once when lifted."""
        data = self._encode(answer)
        for place in range(len(data) - 1):
            self._sock.sendall(data[place : place + 1])
            if lifted.wait(pause_s):
                self._answered(answer.status)
                self._sock.sendall(data[place + 1 :])
                return
        self._answered(answer.status)
        self._sock.sendall(data[-1:])

    def hang(self, longest_s: float | None, lifted: threading.Event) -> None:
        """Say nothing until the client leaves, time is over or the fault is lifted."""
        self.close = True
        end = None if longest_s is None else time.monotonic() + longest_s
        self._sock.settimeout(LOOK_UP_S)
        while not lifted.is_set() and (end is None or time.monotonic() < end):
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

    def hang_up(self) -> None:
        """Close without a word."""
        self.close = True

    def _encode(self, answer: Answer) -> bytes:
        return answer.encode(head_only=self._head_only, close=self.close)
