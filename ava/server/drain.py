"""Drain at SIGTERM: AVA serves on for a while and says so, so that its proxies let go first.

A server that closes its listener resets what waits there, and an idle connection that it closes
may carry a request already. So nothing is closed before its proxies and clients know that it will
be: docs/adr/0020.
"""

import os
import signal
import threading
from functools import partial
from typing import Any

from ava.observability import draining


def at_sigterm(seconds: int) -> None:
    """Drain for these seconds at SIGTERM, then stop as at SIGINT. A second one stops at once."""
    signal.signal(signal.SIGTERM, partial(_begin, seconds))


def _begin(seconds: int, number: int, frame: Any) -> None:
    draining.begin()
    signal.signal(signal.SIGTERM, lambda number, frame: _stop())
    timer = threading.Timer(seconds, _stop)
    timer.daemon = True
    timer.start()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGINT)
