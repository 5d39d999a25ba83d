"""AVA's WSGI application, asked as a server asks it: whatever Django's test client leaves out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from ava.wsgi import application


@dataclass(frozen=True)
class Answer:
    """Args:
    cpu: seconds of processor time that the request took.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    cpu: float


def ask(method: str, path: str, body: bytes = b"", query: str = "", **environ: str) -> Answer:
    """The answer to one request; header names as WSGI writes them (`HTTP_ACCEPT`)."""
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        told.update(status=int(status.split()[0]), headers=dict(headers))

    environment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        **environ,
    }
    began = time.process_time()
    with _open_database():
        answer = application(environment, start)
        sent = b"".join(answer)
        getattr(answer, "close", lambda: None)()
    return Answer(**told, body=sent, cpu=time.process_time() - began)


@contextmanager
def _open_database() -> Iterator[None]:
    """Keep the connection of the test, which holds its transaction; so does Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
