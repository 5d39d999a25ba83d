"""What the server promises to HTTP clients, over real connections."""

import socket
from collections.abc import Iterable, Iterator

import pytest
import requests

from ava.worker import DISCARD_BYTES
from tests.server import RunningAva

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


@pytest.mark.parametrize("body", [LARGE, TOO_LARGE])
def test_an_answer_before_a_large_body_was_read_announces_the_end(
    ava: RunningAva, body: bytes
) -> None:
    with requests.Session() as session:
        for _ in range(20):
            answer = put(session, ava, body)
            assert (answer.status_code, answer.headers["Connection"]) == (401, "close")


def test_an_answer_before_a_body_in_chunks_was_read_announces_the_end(ava: RunningAva) -> None:
    answer = put(ava.session, ava, iter([b'{"value"', b": 1}"]))
    assert (answer.status_code, answer.headers["Connection"]) == (411, "close")


@pytest.mark.parametrize("size", [10, DISCARD_BYTES - 1])
def test_an_answer_before_a_small_body_was_read_keeps_the_connection(
    ava: RunningAva, size: int
) -> None:
    with requests.Session() as session:
        for _ in range(20):
            answer = put(session, ava, b"x" * size)
            assert (answer.status_code, answer.headers["Connection"]) == (401, "keep-alive")


def test_a_large_body_that_was_read_keeps_the_connection(ava: RunningAva) -> None:
    answer = put(ava.session, ava, LARGE)
    assert (answer.status_code, answer.headers["Connection"]) == (400, "keep-alive")


@pytest.mark.parametrize("path", ["/healthz", "/", "/api/docs", "/api/v1/nowhere", "/nowhere"])
def test_head_is_answered_as_get_is_without_a_body_and_without_a_word_in_the_log(
    ava: RunningAva, path: str
) -> None:
    length = requests.get(f"{ava.url}{path}", timeout=10).headers["Content-Length"]
    with socket.create_connection(("127.0.0.1", ava.port), timeout=10) as client:
        ask = f"HEAD {path} HTTP/1.1\r\nHost: localhost:{ava.port}\r\nConnection: close\r\n\r\n"
        client.sendall(ask.encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {length}" in head.decode()
    assert body == b""
    assert "no-body" not in ava.output()
