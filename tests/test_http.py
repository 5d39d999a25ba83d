"""Promises of the server to HTTP clients, over real connections."""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import requests

from ava.server.receiving import LARGEST
from tests.server import RunningAva
from tests.smuggling import CHUNKED, REFUSED, request

pytestmark = pytest.mark.slow

CHANGE = "/vapi/settings/temperature"
LARGE = b'{"value": "' + b"x" * 300_000 + b'"}'
TOO_LARGE = b'{"value": "' + b"x" * 1_200_000 + b'"}'


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("http") / "var") as running:
        yield running.login()


def put(
    session: requests.Session, ava: RunningAva, body: bytes | Iterable[bytes]
) -> requests.Response:
    return session.put(
        f"{ava.url}/api/v1{CHANGE}",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )


@pytest.mark.parametrize("body", [b"x" * 10, LARGE, TOO_LARGE])
def test_an_answer_that_does_not_need_the_body_keeps_the_connection(
    ava: RunningAva, body: bytes
) -> None:
    with socket_of(ava) as client:
        for _ in range(20):
            answer = ask(client, body)
            assert answer.startswith(b"HTTP/1.1 401 ")
            assert b"connection: close" not in answer


def test_a_body_that_no_address_reads_is_not_waited_for_and_announces_the_end(
    ava: RunningAva,
) -> None:
    with socket_of(ava) as client:
        answer = ask(client, b"", length=LARGEST + 1)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in answer
        assert client.recv(100) == b""


def test_a_body_that_is_too_large_for_its_address_is_refused(ava: RunningAva) -> None:
    answer = put(ava.session, ava, TOO_LARGE)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_body_in_chunks_is_refused_and_announces_the_end(ava: RunningAva) -> None:
    answer = put(ava.session, ava, iter([b'{"value"', b": 1}"]))
    assert (answer.status_code, answer.headers["Connection"]) == (411, "close")


def socket_of(ava: RunningAva) -> socket.socket:
    return socket.create_connection(("127.0.0.1", ava.port), timeout=10)


def ask(client: socket.socket, body: bytes, *, length: int | None = None) -> bytes:
    """Without a token. The answer's first piece, which is all of it."""
    size = len(body) if length is None else length
    head = (
        f"PUT /api/v1{CHANGE} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    )
    client.sendall(head.encode() + body)
    return client.recv(65536)


SECOND = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize("shape", [*REFUSED, *CHUNKED])
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/webhooks/twilio/voice"])
def test_no_request_is_smuggled_behind_another(ava: RunningAva, path: str, shape: str) -> None:
    with socket_of(ava) as client:
        client.sendall(request(path, shape, SECOND))
        answers = b"".join(iter(lambda: client.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 ") == 1, answers
    assert answers.startswith(b"HTTP/1.1 411 " if shape in CHUNKED else b"HTTP/1.1 400 ")
    assert b"connection: close" in answers


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_a_head_that_is_too_large_is_refused(ava: RunningAva, head: bytes, status: int) -> None:
    with socket_of(ava) as client:
        client.sendall(head)
        assert client.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_header_in_latin_1_is_read_and_an_odd_method_refused(ava: RunningAva) -> None:
    for line, status in ((b"GET", b"200"), (b"BREW", b"405"), (b"CONNECT", b"405")):
        with socket_of(ava) as client:
            client.sendall(line + b" /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Odd: \xff\r\n\r\n")
            answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"x-correlation-id: " in answer


def test_a_header_with_an_underscore_does_not_pass_for_the_proxys(tmp_path: Path) -> None:
    limits = {"RATE_LIMIT_PER_MINUTE": "1", "AVA_TRUSTED_PROXIES": "1"}
    with RunningAva(tmp_path / "var", **limits) as ava:
        by_proxy = {"X-Forwarded-For": "198.51.100.1"}
        statuses = [
            requests.get(
                f"{ava.url}/api/v1/auth/me",
                headers={**by_proxy, "X_Forwarded_For": f"198.51.100.{number}"},
                timeout=10,
            ).status_code
            for number in range(2, 5)
        ]
    assert statuses == [401, 429, 429]


@pytest.mark.parametrize("path", ["/healthz", "/login", "/api/docs", "/api/v1/nowhere", "/nowhere"])
def test_head_is_answered_as_get_is_without_a_body_and_without_a_word_in_the_log(
    ava: RunningAva, path: str
) -> None:
    length = requests.get(f"{ava.url}{path}", timeout=10).headers["Content-Length"]
    with socket.create_connection(("127.0.0.1", ava.port), timeout=10) as client:
        ask = f"HEAD {path} HTTP/1.1\r\nHost: localhost:{ava.port}\r\nConnection: close\r\n\r\n"
        client.sendall(ask.encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {length}" in head.decode()
    assert body == b""
    assert "Traceback" not in ava.output()
