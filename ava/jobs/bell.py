"""Wakes the loop of this process when there is something to do, so that it need not poll fast."""

import threading

_bell = threading.Event()


def ring() -> None:
    """Something is due."""
    _bell.set()


def wait(seconds: float) -> None:
    """Until it rings, or that long."""
    _bell.wait(seconds)
    _bell.clear()
