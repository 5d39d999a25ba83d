"""What somebody waits for, the foreground, goes first: no job of this process begins meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 0.02
"""Seconds that a job lets others go first; however much comes in, so many a second are done."""

_nobody = threading.Condition()
_under_way = 0


@contextmanager
def busy() -> Iterator[None]:
    """Do this before any further job."""
    global _under_way
    with _nobody:
        _under_way += 1
    try:
        yield
    finally:
        with _nobody:
            _under_way -= 1
            if not _under_way:
                _nobody.notify_all()


def give_way(seconds: float = LONGEST) -> None:
    """Let what is under way be done first."""
    with _nobody:
        _nobody.wait_for(lambda: not _under_way, seconds)
