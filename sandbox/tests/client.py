"""A client of the sandbox, over real sockets."""

import socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests

PATIENCE_S = 10


class Client:
    """One pooled session against one base address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", PATIENCE_S)
        return self.session.request(method, self.base + path, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, value: Any = None) -> requests.Response:
        return self.call("POST", path, json=value)

    def patch(self, path: str, value: Any) -> requests.Response:
        return self.call("PATCH", path, json=value)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)


def raw(url: str) -> socket.socket:
    """A bare TCP connection to the sandbox."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)


def ask(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """A request in bytes, with Vapi's demo key."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        "Authorization: Bearer vapi-demo-key",
        *headers,
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drain(line: socket.socket) -> bytes:
    """Everything until the server closes."""
    data = b""
    while part := line.recv(65536):
        data += part
    return data
