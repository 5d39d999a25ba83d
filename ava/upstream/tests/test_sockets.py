"""What becomes of sockets: none is left behind, and none is touched that is not ours."""

import os
import threading
import time

import pytest
import requests
from urllib3 import HTTPConnectionPool

from ava.upstream import Policy, ProviderUnreachable, Service
from ava.upstream.connections import watchdog
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.wire import answering, status
from ava.upstream.transport import AttemptFailed, Transport


@pytest.fixture
def transport():
    made = Transport(Service("test", "Test"), Policy(bulkhead=2, max_body=1000))
    yield made
    made.drop_idle()


def test_a_deadline_that_comes_as_the_connection_goes_back_leaves_it_alone(
    serve, transport, monkeypatch
):
    wire = serve(answering())
    prepared = transport.prepare(requests.Request("GET", wire.url))
    with watchdog.watching(10) as deadline:
        put = HTTPConnectionPool._put_conn

        def put_at_the_deadline(pool, conn):
            deadline.expire()
            put(pool, conn)

        with monkeypatch.context() as patch:
            patch.setattr(HTTPConnectionPool, "_put_conn", put_at_the_deadline)
            with pytest.raises(AttemptFailed):
                transport.exchange(prepared, deadline)
    with watchdog.watching(10) as deadline:
        assert transport.exchange(prepared, deadline).status == 200
    assert wire.connections == 1


def test_a_given_up_connection_is_closed_before_the_next_attempt(serve, transport):
    gone = threading.Event()

    def script(line):
        line.read_request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        try:
            line.hang()
        finally:
            gone.set()

    prepared = transport.prepare(requests.Request("GET", serve(script).url))
    with watchdog.watching(10) as deadline:
        with pytest.raises(AttemptFailed, match="too long"):
            transport.exchange(prepared, deadline)
        assert gone.wait(5)


def open_files():
    return len(os.listdir("/proc/self/fd"))


def test_no_file_descriptor_is_left_behind(serve, make_door):
    def fails_in_turn(line):
        line.read_request()
        match len(wire.requests) % 3:
            case 0:
                line.reset()
            case 1:
                line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
            case 2:
                line.send(b"\0\r\n\r\n")

    wire, good = serve(fails_in_turn), serve(answering(status(200, "Connection: close")))
    failing = make_door(wire.url, attempts=1)
    refused = make_door("http://127.0.0.1:1", attempts=1)
    fine = make_door(good.url)

    def send_all(times):
        for _ in range(times):
            fine.send("GET", "/")
            for door in (failing, refused):
                Worker(door.breaker.store).move("closed")
                with pytest.raises(ProviderUnreachable):
                    door.send("GET", "/")

    def settled(limit):
        for _ in range(200):  # the servers' threads close their ends a moment later
            if open_files() <= limit:
                return True
            time.sleep(0.01)
        return False

    send_all(10)
    settled(0)
    before = open_files()
    send_all(170)
    assert settled(before + 3)
