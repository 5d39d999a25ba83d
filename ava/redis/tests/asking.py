"""What the tests of links do again and again."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from ava.redis import FleetLost, Script

ECHO = Script("return {KEYS[1], ARGV[1]}")
# Far above a link's patience, far below what redis-py waits by default.
AT_ONCE = 0.5


def lost(link):
    """Seconds until a call says so."""
    started = time.monotonic()
    with pytest.raises(FleetLost):
        link.run(ECHO, ["k"], ["v"])
    return time.monotonic() - started


def answers(link):
    return link.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]


def until(happened):
    give_up = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def serve(handle):
    """A server that does this with each connection; its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listening


@contextmanager
def server(handle):
    with serve(handle) as listening:
        yield listening.getsockname()[1]
