"""Wake-up of this process' loop when a job is due, so that it need not poll fast."""

import threading

_due = threading.Event()


def notify() -> None:
    """Something is due."""
    _due.set()


def wait(seconds: float) -> None:
    """Until something is due, or that long."""
    _due.wait(seconds)
    _due.clear()
