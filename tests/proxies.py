"""A CONNECT proxy, and TLS in front of a plain server: what lies between AVA and providers."""

import contextlib
import select
import socket
import ssl
import threading
from base64 import b64encode
from typing import Any, Self


class _Listener:
    """Serves each connection in a thread of its own."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._open.append(sock)
                threading.Thread(target=self._guard, args=(sock,), daemon=True).start()

    def _guard(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self.serve(sock)

    def serve(self, sock: socket.socket) -> None:
        raise NotImplementedError


class TLSFront(_Listener):
    """TLS as provider.test, in front of the sandbox, which must be asked as this machine."""

    def __init__(self, certificate: str, port: int) -> None:
        super().__init__()
        self._behind = port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)

    def serve(self, sock: socket.socket) -> None:
        with self._tls.wrap_socket(sock, server_side=True) as tls:
            _relay(tls, self._behind, (b"Host: provider.test", b"Host: 127.0.0.1"))


class Proxy(_Listener):
    """A proxy behind which every name leads to one port of this machine.

    Args:
        login: `user:password` that it asks for.
        refusal: a status that it answers to everything; 0: it says nothing at all.
    """

    def __init__(self, port: int, login: str = "", refusal: int | None = None) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._behind, self._login, self._refusal = port, login, refusal

    @property
    def url(self) -> str:
        login = f"{self._login}@" if self._login else ""
        return f"http://{login}127.0.0.1:{self.port}"

    def serve(self, sock: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (got := sock.recv(1)):
                return
            head += got
        self.asked.append(head.split(b"\r\n")[0].decode())
        given = b"Basic " + b64encode(self._login.encode())
        status = self._refusal
        if status is None and self._login and given not in head:
            status = 407
        if status == 0:
            while sock.recv(65536):
                pass
        elif status:
            sock.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(sock, self._behind)


def _relay(one: Any, port: int, exchanged: tuple[bytes, bytes] = (b"\n", b"\n")) -> None:
    with socket.create_connection(("127.0.0.1", port)) as other:
        ends = {one: other, other: one}
        while True:
            for ready in select.select([one, other], [], [])[0]:
                if not (data := ready.recv(65536)):
                    return
                ends[ready].sendall(data.replace(*exchanged))
                while isinstance(ready, ssl.SSLSocket) and ready.pending():
                    ends[ready].sendall(ready.recv(65536))
