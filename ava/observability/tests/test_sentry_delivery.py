"""Sentry over HTTP: what a receiver of the test's own gets, byte for byte."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sentry_sdk
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from ava.http import correlation
from ava.observability import sentry

TOKEN, KEY, PASSWORD = "ava_planted0123456789", "re_planted_987654321", "hunter2"
NUMBER, ADDRESS = "+14155550123", "grace@example.org"
PLANTED = (TOKEN, KEY, PASSWORD, "4155550", ADDRESS, "planted", "sk-in-the-body")


class Receiver(HTTPServer):
    """A Sentry on a free port that keeps what arrives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[tuple[str, str]] = []  # path and body
        self.dsn = f"http://public@127.0.0.1:{self.server_port}/7"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.arrived.append((self.path, body.decode()))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        sentry.start(server.dsn, environment="tests")
        yield server
        sentry_sdk.get_client().close(0)
        sentry_sdk.get_global_scope().set_client(None)
        server.shutdown()


def fail(request: HttpRequest) -> HttpResponse:
    held = f"planted {TOKEN}"
    url = f"https://ava:{PASSWORD}@mail.example/?token={TOKEN}"
    raise ValueError(f"{len(held)}: {ADDRESS} wrote to {NUMBER}, Bearer {TOKEN}, {KEY}, {url}")


urlpatterns = [path("fails", fail)]


@pytest.mark.urls(__name__)
def test_a_fault_arrives_under_its_correlation_id_without_what_was_planted(
    client: Client, receiver: Receiver, db: None
) -> None:
    client.raise_request_exception = False
    answer = client.post(
        f"/fails?token={TOKEN}&to=%2B14155550123",
        data={"key": "sk-in-the-body", "mail": ADDRESS},
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Cookie": f"session={TOKEN}",
            correlation.HEADER: "broken-7",
        },
    )
    assert answer.status_code == 500
    sentry.stop()
    [(asked, envelope)] = receiver.arrived
    assert asked == "/api/7/envelope/"
    event = json.loads(envelope.splitlines()[2])
    assert event["tags"] == {"correlation_id": "broken-7"}
    assert event["environment"] == "tests"
    [fault] = event["exception"]["values"]
    assert fault["type"] == "ValueError"
    assert fault["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "\N{HORIZONTAL ELLIPSIS}0123" in fault["value"]
    assert not [secret for secret in PLANTED if secret in json.dumps(event)]
    assert not [secret for secret in PLANTED if secret in envelope]
