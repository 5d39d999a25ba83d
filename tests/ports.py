"""Ports for the servers that tests start."""

import os
import random
import socket
from contextlib import suppress

PORTS = range(22_000, 32_000)
"""Below those that the kernel gives to clients, who would take one before the server does."""

_given: set[int] = set()


def free_port(ports: range = PORTS) -> int:
    """One where nobody listens, and which nobody else here is given: who asks listens later.

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
    """Whether nobody listens there, not even somebody who was killed and is not gone yet."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False
