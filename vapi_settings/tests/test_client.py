"""Lists as Vapi pages them, and answers as they really come."""

import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from ava import upstream
from ava.upstream import ProviderUnreachable
from vapi_settings.client import VapiClient
from vapi_settings.conftest import ASSISTANT, KEY
from vapi_settings.errors import AssistantNotFound


def test_long_lists_are_read_to_their_end(ada, vapi):
    made = {vapi.sandbox.vapi.add_assistant(name=f"No. {n}")["id"] for n in range(120)}
    found, _ = VapiClient(KEY).assistants()
    assert len(found) == 121
    assert {one.id for one in found} == made | {ASSISTANT}
    assert len(vapi.asked) == 3


def test_the_pages_of_a_slow_list_share_one_deadline(ada, vapi, monkeypatch):
    for number in range(120):
        vapi.sandbox.vapi.add_assistant(name=f"No. {number}")
    door = upstream.door("vapi")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=1.0))
    vapi.fail("slow", delay_ms=400)
    with pytest.raises(ProviderUnreachable):
        VapiClient(KEY).assistants()


@pytest.fixture
def odd_vapi(settings, vapi):
    """Call it with a status and a body: what Vapi answers from then on."""
    answer = {}

    class Odd(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer["status"])
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.VAPI_BASE_URL = f"http://127.0.0.1:{server.server_port}"

    def odd(status, body):
        answer.update(
            status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode()
        )

    yield odd
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b'"text"',
        {},
        {"id": None},
        {"id": "another-one"},
        {"id": ["a"]},
        b'{"id": "a", "model": {"temperature": NaN}}',
        b'{"id": "a", "model": {"temperature": 1e999}}',
        b'{"id": "a", "metadata": ' + b"[" * 101 + b"]" * 101 + b"}",
        b'{"id": "a", "metadata": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"id": "a", "maxDurationSeconds": ' + b"9" * 5000 + b"}",
        b'{"id": "\xff"}',
    ],
)
def test_an_answer_that_is_no_assistant_is_no_answer(odd_vapi, body):
    odd_vapi(200, body)
    with pytest.raises(ProviderUnreachable):
        VapiClient(KEY).assistant("a")


@pytest.mark.parametrize("body", [{}, b"null", [1], [None], [[]], [{"id": 5}], b"<html>"])
def test_an_answer_that_is_no_list_is_no_answer(odd_vapi, body):
    odd_vapi(200, body)
    with pytest.raises(ProviderUnreachable):
        VapiClient(KEY).assistants()


@pytest.mark.parametrize("status", [204, 301, 304, 402, 418])
def test_a_strange_status_is_no_answer(odd_vapi, status):
    odd_vapi(status, b"")
    with pytest.raises(ProviderUnreachable):
        VapiClient(KEY).assistant("a")


@pytest.mark.parametrize("status", [400, 404])
def test_an_assistant_that_is_not_there_is_not_found(odd_vapi, status):
    odd_vapi(status, {"message": "gone", "statusCode": status})
    with pytest.raises(AssistantNotFound):
        VapiClient(KEY).assistant("a")


@pytest.mark.parametrize(
    "strange",
    [
        {"name": None, "model": [], "voice": "x", "createdAt": 5, "updatedAt": "yesterday"},
        {"name": {"a": 1}, "model": {"provider": None}, "updatedAt": "0001-01-01T00:00:00+23:00"},
        {"name": "\ud800", "updatedAt": "2026-01-05T08:30:00"},
    ],
)
def test_what_is_strange_about_an_assistant_does_not_hide_it(odd_vapi, strange):
    odd_vapi(200, {"id": "a", **strange})
    found = VapiClient(KEY).assistant("a")
    assert found.id == "a"
    found.summary.name.encode()


def test_a_document_is_not_shown_by_repr(ada, vapi):
    assert "Maya" not in repr(VapiClient(KEY).assistant(ASSISTANT))
