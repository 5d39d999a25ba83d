"""A raw TCP server for faults that no HTTP library would send."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable

Script = Callable[["Line"], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Line:
    """One accepted connection."""

    def __init__(self, sock: socket.socket, wire: "Wire") -> None:
        self._sock = sock
        self._wire = wire
        self._buffer = b""

    def read_request(self) -> bytes:
        """The next request, whole; b"" when the client has gone."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                return b""
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(rest) < length:
            if not self._fill():
                return b""
            rest = self._buffer.partition(b"\r\n\r\n")[2]
        self._buffer = rest[length:]
        request = head + b"\r\n\r\n" + rest[:length]
        self._wire.requests.append(request)
        return request

    def _fill(self) -> bool:
        chunk = self._sock.recv(65536)
        self._buffer += chunk
        return bool(chunk)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        for i in range(len(data)):
            self._sock.sendall(data[i : i + 1])
            time.sleep(pause)

    def sip(self, pause: float = 0.05) -> None:
        """Read a little now and then, until the client hangs up."""
        while self._sock.recv(16 * 1024):
            time.sleep(pause)

    def hang(self) -> None:
        """Say nothing until the client hangs up."""
        while self._sock.recv(65536):
            pass

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._sock.close()


class Wire:
    """Runs the script once for each connection, each in a thread of its own.

    Args:
        tls: speak TLS with this context.
    """

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(sock):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with contextlib.closing(sock):
                self._script(Line(sock, self))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def answering(response: bytes = OK) -> Script:
    """Give every request the same answer, on kept connections."""

    def script(line: Line) -> None:
        while line.read_request():
            line.send(response)

    return script


def status(code: int, *headers: str) -> bytes:
    """A whole answer with this status and an empty JSON body."""
    lines = [f"HTTP/1.1 {code} Whatever", "Content-Length: 2", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n{}"
