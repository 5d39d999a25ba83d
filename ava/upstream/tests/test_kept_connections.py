"""Kept connections: replaced when they were closed, never a reason to send a POST twice."""

import os
import time

import pytest

from ava.upstream import ProviderUnreachable
from ava.upstream.tests.conftest import opened
from ava.upstream.tests.wire import OK, answering


def closes_after_answering(line):
    """Promise to keep the connection, then close it as the next request arrives."""
    line.read_request()
    line.send(OK)
    line.read_request()


def test_a_kept_connection_that_was_closed_is_replaced_without_a_failure(serve, make_door):
    wire = serve(closes_after_answering)
    door = make_door(wire.url)
    door.transport.budget._tokens = 0  # not even the retry budget is touched
    for _ in range(6):
        assert door.send("GET", "/").status == 200
    assert door.snapshot().failures == 0
    assert opened(door) == wire.connections


def test_a_post_on_a_closed_kept_connection_is_not_sent_again(serve, make_door):
    wire = serve(closes_after_answering)
    door = make_door(wire.url)
    door.send("POST", "/")
    with pytest.raises(ProviderUnreachable) as caught:
        door.send("POST", "/")
    assert not caught.value.unsent  # the provider has read it
    assert len(wire.requests) == 2


def test_a_connection_closed_while_idle_is_noticed_before_a_post(serve, make_door):
    def script(line):
        line.read_request()
        line.send(OK)

    wire = serve(script)
    door = make_door(wire.url)
    for _ in range(5):
        assert door.send("POST", "/").status == 200
        time.sleep(0.02)  # the close arrives
    assert wire.connections == 5


def test_a_forked_process_opens_connections_of_its_own(serve, make_door):
    wire = serve(answering())
    door = make_door(wire.url)
    door.send("GET", "/")
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if door.send("GET", "/").status == 200 else 1)
        finally:
            os._exit(2)
    _, wait_status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(wait_status) == 0
    door.send("GET", "/")
    assert wire.connections == 2
