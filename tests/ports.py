"""Ports for the servers that tests start."""

import os
import random
import socket
from contextlib import suppress

PORTS = range(22_000, 32_000)
"""Ports below those that the kernel gives to clients, which would take one before the server."""

_given: set[int] = set()


def free_port(ports: range = PORTS) -> int:
    """A port that is free, and given out only once: the caller listens on it later.

    Each worker of pytest-xdist has ports of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ours = ports[worker::workers]
    while True:
        port = random.choice(ours)
        if port not in _given and is_free(port):
            _given.add(port)
            return port


def is_free(port: int) -> bool:
    """Whether no process listens there, not even one that was killed and has not ended yet."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False
