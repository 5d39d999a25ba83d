"""Helpers of the tests of Redis clients."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from ava.redis import RedisUnavailable, Script

ECHO = Script("return {KEYS[1], ARGV[1]}")
# Far above a client's time-out, far below what redis-py waits by default.
AT_ONCE = 0.5


def lost(client):
    """Seconds until a call says so."""
    started = time.monotonic()
    with pytest.raises(RedisUnavailable):
        client.run(ECHO, ["k"], ["v"])
    return time.monotonic() - started


def answers(client):
    return client.run(ECHO, ["k"], ["v"]) == [b"k", b"v"]


def until(happened):
    give_up = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@contextmanager
def server(handle):
    """The port of a server that does this with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
