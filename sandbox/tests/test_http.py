"""HTTP itself: keep-alive, framing, and what is not HTTP at all."""

import json

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client, ask, drain, raw
from sandbox.tests.test_vapi import FRONT_DESK

CLOSE = "Connection: close"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET /vapi HTTP/1.1\r\n" + b"X: y\r\n" * 150 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"POST /vapi/assistant HTTP/1.1\r\nContent-Length: ten\r\n\r\n", 400),
        (b"POST /vapi/assistant HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /vapi/assistant HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /vapi/assistant HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /vapi/assistant HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_what_cannot_be_served_gets_a_sentence_and_a_close(
    sandbox: Sandbox, sent: bytes, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with raw(sandbox.url) as line:
        line.sendall(sent)
        head, _, body = drain(line).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in head
    assert json.loads(body)["error"]
    assert capfd.readouterr() == ("", "")


def test_a_client_that_leaves_in_the_middle_disturbs_no_other(
    sandbox: Sandbox, vapi: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    for part in (b"", b"GET /va", b"POST /vapi/assistant HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"):
        with raw(sandbox.url) as line:
            line.sendall(part)
    assert vapi.get("/assistant").status_code == 200
    assert capfd.readouterr() == ("", "")


def test_requests_on_one_line_are_answered_in_turn_even_when_sent_at_once(sandbox: Sandbox) -> None:
    with raw(sandbox.url) as line:
        line.sendall(
            ask("GET", "/vapi/one")
            + ask("PATCH", f"/vapi/assistant/{FRONT_DESK}", b'{"name":"X"}')
            + ask("GET", "/vapi/two", b"", CLOSE)
        )
        answers = drain(line)
    assert answers.count(b"HTTP/1.1 ") == 3
    assert answers.index(b"/one") < answers.index(b'"name":"X"') < answers.index(b"/two")


def test_a_chunked_body_is_read_whole(sandbox: Sandbox) -> None:
    with raw(sandbox.url) as line:
        line.sendall(
            ask(
                "PATCH",
                f"/vapi/assistant/{FRONT_DESK}",
                b"",
                "Content-Type: application/json",
                "Transfer-Encoding: chunked",
                CLOSE,
            )
            + b'8\r\n{"name":\r\n6;x=y\r\n"Four"\r\n1\r\n}\r\n0\r\n\r\n'
        )
        assert b'"name":"Four"' in drain(line)


def test_expect_continue_is_honoured(sandbox: Sandbox) -> None:
    with raw(sandbox.url) as line:
        body = b'{"name":"Y"}'
        request = ask("PATCH", f"/vapi/assistant/{FRONT_DESK}", body, "Expect: 100-continue", CLOSE)
        line.sendall(request[: -len(body)])
        assert line.recv(65536).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(body)
        assert b'"name":"Y"' in drain(line)


def test_head_has_the_length_but_no_body(sandbox: Sandbox, vapi: Client) -> None:
    length = len(vapi.get("/assistant").content)
    with raw(sandbox.url) as line:
        line.sendall(ask("HEAD", "/vapi/assistant", b"", CLOSE))
        answer = drain(line)
    assert answer.endswith(b"\r\n\r\n")
    assert f"Content-Length: {length}".encode() in answer


def test_http_1_0_and_connection_close_end_the_line(sandbox: Sandbox) -> None:
    for request in (b"GET /vapi HTTP/1.0\r\n\r\n", ask("GET", "/vapi", b"", CLOSE)):
        with raw(sandbox.url) as line:
            line.sendall(request)
            assert b"Connection: close" in drain(line)
