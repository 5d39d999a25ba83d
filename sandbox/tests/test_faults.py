"""Faults of each kind, at the socket."""

import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from sandbox.tests.client import PATIENCE_S, Client, ask, drain, raw
from sandbox.tests.test_vapi import FRONT_DESK

READ = ask("GET", "/vapi/assistant")
RENAME = ask("PATCH", f"/vapi/assistant/{FRONT_DESK}", b'{"name": "Changed"}')


def name(sandbox: Sandbox) -> Any:
    return sandbox.vapi.assistant(FRONT_DESK)["name"]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_status_answers_in_the_providers_own_shape_with_the_given_headers(
    sandbox: Sandbox, vapi: Client
) -> None:
    sandbox.faults.add("vapi", "status", status=429, headers={"Retry-After": "7"})
    answer = vapi.get("/assistant")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["statusCode"] == 429


@pytest.mark.parametrize(
    ("provider", "path", "status_at"),
    [
        ("vapi", "/assistant", ["statusCode"]),
        ("twilio", "/2010-04-01/Accounts.json", ["status"]),
        ("resend", "/domains", ["statusCode"]),
        ("google", "/calendar/v3", ["error", "code"]),
    ],
)
def test_every_provider_fails_in_its_own_words(
    sandbox: Sandbox, provider: str, path: str, status_at: list[str]
) -> None:
    sandbox.faults.add(provider, "status", status=599, count=1)
    with Client(f"{sandbox.url}/{provider}") as client:
        answer = client.get(path)
    value = answer.json()
    for key in status_at:
        value = value[key]
    assert (answer.status_code, value) == (599, 599)


def test_before_the_work_nothing_changes_and_after_it_the_change_is_kept(
    sandbox: Sandbox, vapi: Client
) -> None:
    for when, expected in (("before", "Front desk"), ("after", "Changed")):
        sandbox.faults.add("vapi", "status", status=500, when=when, count=1)
        assert vapi.patch(f"/assistant/{FRONT_DESK}", {"name": "Changed"}).status_code == 500
        assert name(sandbox) == expected


@pytest.mark.parametrize("kind", ["reset", "refuse", "garbage", "hang", "slow", "drip"])
def test_the_answer_to_a_change_can_be_lost_by_every_kind(sandbox: Sandbox, kind: str) -> None:
    delay = 1 if kind == "drip" else 100
    sandbox.faults.add("vapi", kind, when="after", delay_ms=delay)
    with raw(sandbox.url) as line:
        line.sendall(RENAME)
        wait_until(lambda: name(sandbox) == "Changed")


@pytest.mark.parametrize("kind", ["reset", "refuse", "garbage", "hang"])
def test_without_after_these_kinds_do_no_work(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add("vapi", kind, count=1, delay_ms=20)
    with raw(sandbox.url) as line:
        line.sendall(
            ask("PATCH", f"/vapi/assistant/{FRONT_DESK}", b'{"name":"C"}', "Connection: close")
        )
        try:
            drain(line)
        except ConnectionResetError:
            assert kind == "reset"
    assert name(sandbox) == "Front desk"


def test_reset_is_a_reset_and_refuse_is_a_close_without_a_word(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "reset", count=1)
    with raw(sandbox.url) as line:
        line.sendall(READ)
        with pytest.raises(ConnectionResetError):
            drain(line)
    sandbox.faults.add("vapi", "refuse", count=1)
    with raw(sandbox.url) as line:
        line.sendall(READ)
        assert drain(line) == b""
    assert [arrival.status for arrival in sandbox.requests("vapi")] == [None, None]


def test_hang_answers_nothing_until_the_fault_is_lifted(sandbox: Sandbox, vapi: Client) -> None:
    sandbox.faults.add("vapi", "hang")
    with pytest.raises(requests.ReadTimeout):
        vapi.get("/assistant", timeout=0.2)
    with raw(sandbox.url) as line:
        line.sendall(READ)
        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(1)
        sandbox.faults.clear()
        line.settimeout(PATIENCE_S)
        assert line.recv(1) == b""
    assert vapi.get("/assistant").status_code == 200


def test_hang_ends_by_itself_after_its_delay(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "hang", delay_ms=50)
    with raw(sandbox.url) as line:
        line.sendall(READ)
        assert drain(line) == b""


def test_slow_answers_late_but_rightly(sandbox: Sandbox, vapi: Client) -> None:
    sandbox.faults.add("vapi", "slow", delay_ms=300, count=1)
    begun = time.monotonic()
    assert vapi.get("/assistant").json()[0]["name"] == "Front desk"
    assert time.monotonic() - begun >= 0.3


def test_lifting_the_faults_lets_slow_and_dripping_answers_go_at_once(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "slow", delay_ms=3_600_000, count=1)
    sandbox.faults.add("vapi", "drip", delay_ms=3_600_000, count=1)
    with raw(sandbox.url) as slow, raw(sandbox.url) as drip:
        for line in (slow, drip):
            line.sendall(ask("GET", "/vapi/assistant", b"", "Connection: close"))
        wait_until(lambda: len(sandbox.requests("vapi")) == 2 and not sandbox.faults.pending())
        sandbox.faults.clear()
        for line in (slow, drip):
            assert b"Front desk" in drain(line)


def test_drip_sends_the_head_too_byte_by_byte(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "drip", delay_ms=20)
    with raw(sandbox.url) as line:
        line.sendall(READ)
        parts = [line.recv(65536) for _ in range(12)]
    sent = b"".join(parts)
    assert b"HTTP/1.1 200 OK\r\nContent-Type: application/json".startswith(sent)


def test_drip_gives_the_whole_right_answer_in_the_end(sandbox: Sandbox, vapi: Client) -> None:
    sandbox.faults.add("vapi", "drip", delay_ms=1)
    answer = vapi.get("/phone-number?limit=0")
    assert (answer.status_code, answer.json()) == (200, [])
    assert sandbox.requests("vapi")[0].status == 200


def test_garbage_is_a_page_or_broken_json_in_turn_and_always_the_same(
    sandbox: Sandbox, vapi: Client
) -> None:
    sandbox.faults.add("vapi", "garbage")
    bodies = [vapi.get("/assistant") for _ in range(4)]
    assert [body.status_code for body in bodies] == [200] * 4
    assert bodies[0].content == bodies[2].content
    assert bodies[1].content == bodies[3].content
    assert bodies[0].content.startswith(b"<!DOCTYPE html>")
    for body in bodies:
        with pytest.raises(requests.JSONDecodeError):
            body.json()


def test_the_oldest_that_matches_applies_until_its_count_is_used_up(
    sandbox: Sandbox, vapi: Client
) -> None:
    sandbox.faults.add("vapi", "status", status=500, count=2, match="GET /assistant")
    sandbox.faults.add("vapi", "status", status=503, count=1)
    sandbox.faults.add("resend", "status", status=418)
    got = [vapi.get("/phone-number").status_code] + [
        vapi.get("/assistant").status_code for _ in range(3)
    ]
    assert got == [503, 500, 500, 200]
    assert [fault["provider"] for fault in sandbox.faults.pending()] == ["resend"]


def test_a_fault_meant_for_one_call_leaves_others_alone(sandbox: Sandbox, vapi: Client) -> None:
    sandbox.faults.add("vapi", "status", status=500, match="PATCH /assistant")
    assert vapi.get(f"/assistant/{FRONT_DESK}").status_code == 200
    assert vapi.patch(f"/assistant/{FRONT_DESK}", {}).status_code == 500


def test_a_count_is_exact_with_many_clients_at_once(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "status", status=500, count=20)
    got: list[int] = []

    def client() -> None:
        with Client(sandbox.url + "/vapi") as mine:
            mine.session.headers["Authorization"] = "Bearer vapi-demo-key"
            got.extend(mine.get("/assistant").status_code for _ in range(5))

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [200] * 60 + [500] * 20


def test_a_kept_alive_connection_survives_a_status_fault(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "status", status=500, count=1)
    with raw(sandbox.url) as line:
        for expected in (b"HTTP/1.1 500", b"HTTP/1.1 404"):
            line.sendall(ask("GET", "/vapi/nothing"))
            assert line.recv(65536).startswith(expected)


def test_stopping_lets_everyone_go_and_leaves_no_thread(sandbox: Sandbox) -> None:
    before = set(threading.enumerate())
    own = Sandbox()
    own.start()
    for kind in ("hang", "slow", "drip"):
        own.faults.add("vapi", kind, delay_ms=3_600_000, count=8)
    lines = [raw(own.url) for _ in range(24)] + [raw(own.url)]
    for line in lines[:-1]:
        line.sendall(READ)
    wait_until(lambda: len(own.requests("vapi")) == 24)
    begun = time.monotonic()
    own.stop()
    assert time.monotonic() - begun < 3
    for line in lines:
        line.close()
    assert set(threading.enumerate()) <= before


def test_a_client_that_leaves_a_hanging_request_frees_its_thread() -> None:
    with Sandbox() as own:
        before = set(threading.enumerate())
        own.faults.add("vapi", "hang")
        line = raw(own.url)
        line.sendall(READ)
        wait_until(lambda: len(own.requests("vapi")) == 1)
        assert not set(threading.enumerate()) <= before
        line.close()
        wait_until(lambda: set(threading.enumerate()) <= before)


def test_http_client_sees_a_refusal_as_a_disconnect(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "refuse", count=1)
    host, port = sandbox.url.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=PATIENCE_S)
    connection.request("GET", "/vapi/assistant")
    with pytest.raises(RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_a_free_port_is_taken_and_given_back() -> None:
    with Sandbox() as own:
        port = int(own.url.rsplit(":", 1)[1])
        with raw(own.url) as line:
            line.sendall(READ)
            line.recv(10)
    with Sandbox(port=port), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
