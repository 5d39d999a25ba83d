"""Sockets: none is left behind, and none is touched that is not ours."""

import os
import threading
import time

import pytest
import requests

from ava.upstream import Policy, ProviderUnreachable, Service
from ava.upstream.connections import Deadline
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.wire import OK, answering, status
from ava.upstream.transport import AttemptFailed, Operation, Transport

POLICY = Policy(bulkhead=2, max_body=1000)


@pytest.fixture
def transport():
    made = Transport(Service("test", "Test"), POLICY)
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
    operation = Operation("wire", "GET", "/", Deadline(10), POLICY, is_probe=False)
    with pytest.raises(AttemptFailed, match="too long"):
        transport.exchange(prepared, operation)
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


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 101 X\r\n\r\n"]
)
def test_an_interim_answer_gives_no_caller_anothers_answer(serve, make_door, interim):
    def script(line):
        while line.read_request():
            line.send(interim)
            time.sleep(0.05)
            line.send(OK)

    wire = serve(script)
    door = make_door(wire.url, attempts=1)
    for number in (1, 2):
        with pytest.raises(ProviderUnreachable):
            door.send("GET", "/")
        assert wire.connections == number


@pytest.mark.parametrize("secure", [False, True])
def test_what_comes_beyond_an_answer_is_no_other_callers(serve, make_door, trusted, secure):
    extra = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"forged"'

    def script(line):
        while line.read_request():
            # As much as the client reads at once, so that the rest stays in TLS' buffer.
            line.send(OK.ljust(8192) + extra)

    door = make_door(serve(script, tls=trusted if secure else None).url)
    for _ in range(3):
        assert door.send("GET", "/").json() == {}
