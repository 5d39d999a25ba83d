"""Requests on their way from the server to Django."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from prometheus_client import REGISTRY

from ava.asgi import Application
from ava.server.environ import received_at

Message = dict[str, Any]


def scope(*headers: tuple[bytes, bytes], path: bytes = b"/") -> Message:
    return {
        "type": "http",
        "method": "POST",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": b"",
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.1", 4711),
        "headers": list(headers),
    }


def serve(
    wsgi: Callable[..., Any], *received: Message, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> list[Message]:
    """What is sent in answer to a request whose body comes in these messages."""
    sent: list[Message] = []
    coming = iter(received)

    async def receive() -> Message:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Application(wsgi, threads=1)(scope(*headers), receive, send))
    return sent


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()


def echo(environ: Message, start: Any) -> list[bytes]:
    start("200 OK", [("X-Odd", environ.get("HTTP_X_ODD", ""))])
    return [environ["wsgi.input"].read(), b"."]


def test_a_body_in_pieces_arrives_whole_and_headers_as_they_were_sent() -> None:
    start, body = serve(
        echo,
        piece(b"on", more=True),
        piece(b"e"),
        headers=(length(3), (b"x-odd", b"\xff"), (b"x-odd", b"b"), (b"x_odd", b"c")),
    )
    assert (start["status"], start["headers"]) == (200, [(b"X-Odd", b"\xff,b")])
    assert body["body"] == b"one."


def test_who_leaves_in_the_middle_of_a_body_is_not_answered_and_asks_nothing() -> None:
    def never(environ: Message, start: Any) -> list[bytes]:
        raise AssertionError

    gone = {"type": "http.disconnect"}
    assert serve(never, piece(b"on", more=True), gone, headers=(length(3),)) == []


def without_id() -> float:
    return REGISTRY.get_sample_value("ava_responses_without_correlation_id_total") or 0.0


def test_an_answer_that_names_no_correlation_id_is_counted() -> None:
    def named(environ: Message, start: Any) -> list[bytes]:
        start("200 OK", [("X-Correlation-ID", "abc")])
        return []

    before = without_id()
    serve(named)
    assert without_id() == before
    serve(echo, piece(b"on"), headers=(length(2),))
    assert without_id() == before + 1


def test_a_fault_outside_of_django_is_answered_under_the_callers_id(caplog: Any) -> None:
    def broken(environ: Message, start: Any) -> list[bytes]:
        raise RuntimeError("a secret")

    start, body = serve(broken, headers=((b"x-correlation-id", b"abc"),))
    assert start["status"] == 500
    assert (b"X-Correlation-ID", b"abc") in start["headers"]
    problem = json.loads(body["body"])
    assert (problem["code"], problem["correlation_id"]) == ("internal_error", "abc")
    assert "a secret" not in body["body"].decode()
    assert "request failed outside of Django" in caplog.text


def test_a_request_is_received_when_its_head_is_here_not_when_its_body_is() -> None:
    heads: list[Any] = []
    bodies: list[Any] = []

    def note(environ: Message, start: Any) -> list[bytes]:
        request = HttpRequest()
        request.META = environ
        heads.append(received_at(request))
        start("204 No Content", [])
        return []

    class Late(dict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            bodies.append(timezone.now())
            return super().get(name, default)

    serve(note, Late(piece(b"one")), headers=(length(3),))
    assert heads[0] < bodies[0]
