"""Attacks on a running AVA, over sockets: what strangers send by the megabyte, or too slowly."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

from tests.stranger.inputs import BODIES, MEGABYTE

LOGIN = "/api/v1/auth/login"
WEBHOOK = "/api/v1/webhooks/twilio/voice"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# More than AVA has threads.
CROWD = 60

Attack = Callable[[int], None]
"""One wave of it against the AVA on this port."""


def request(path: str, content_type: str, body: bytes, *, length: int | None = None) -> bytes:
    """The bytes of a POST."""
    size = len(body) if length is None else length
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def send(sent: bytes, port: int) -> None:
    """Ask, and take the answer. A server that ends the connection early is right to."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(sent)
        while client.recv(65536):
            pass


@contextmanager
def crowd(sent: bytes, port: int, *, buffer: int = 0, pause: float = 0) -> Iterator[None]:
    """Connections that have sent this and keep silent.

    Args:
        pause: seconds from one to the next.
    """
    with ExitStack() as stack:
        for _ in range(CROWD):
            client = stack.enter_context(socket.socket())
            if buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            with suppress(OSError):
                client.connect(("127.0.0.1", port))
                client.sendall(sent)
            time.sleep(pause)
        yield


def silent(sent: bytes, port: int, *, buffer: int = 0, pause: float = 0) -> None:
    """A crowd that stays for a while."""
    with crowd(sent, port, buffer=buffer, pause=pause):
        time.sleep(1)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


def _json(charset: str) -> bytes:
    return request(LOGIN, f"{JSON}; charset={charset}", b"a" * MEGABYTE)


ATTACKS: dict[str, Attack] = {
    "punycode": partial(send, _json("punycode")),
    "zlib": partial(send, _json("zlib")),
    "nested JSON": partial(send, request(LOGIN, JSON, BODIES["nested objects"])),
    "many keys": partial(send, request(LOGIN, JSON, BODIES["many keys"])),
    "broken escapes": partial(send, request(WEBHOOK, FORM, BODIES["broken escapes"])),
    "multipart": partial(
        send, request("/admin/login/", "multipart/form-data; boundary=b", BODIES["many parts"])
    ),
    "guesses": partial(
        send, request(LOGIN, JSON, b'{"identifier": "demo@example.com", "password": "wrong"}')
    ),
    "the document": partial(send, _get("/api/schema")),
    "slow heads": partial(silent, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "),
    "slow bodies": partial(silent, request(LOGIN, JSON, b'{"identifier"', length=1000)),
    # The same crowd twice: one after the other, and as a burst of requests, which takes processor
    # time, too.
    "slow readers": partial(silent, _get("/api/schema"), buffer=2048, pause=0.02),
    "slow readers at once": partial(silent, _get("/api/schema"), buffer=2048),
}
