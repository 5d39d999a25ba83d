"""What becomes of sockets: none is left behind, and none is touched that is not ours."""

import os
import threading
import time

import pytest
import requests

from ava.upstream import Policy, ProviderUnreachable, Service
from ava.upstream.connections import Deadline
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.wire import answering, status
from ava.upstream.transport import AttemptFailed, Transport


@pytest.fixture
def transport():
    made = Transport(Service("test", "Test"), Policy(bulkhead=2, max_body=1000))
    yield made
    made.drop_idle()


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
    with pytest.raises(AttemptFailed, match="too long"):
        transport.exchange(prepared, Deadline(10))
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
