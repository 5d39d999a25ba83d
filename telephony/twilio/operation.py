"""The operation under way in this thread: its requests, page after page, share one deadline."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ava.upstream.deadline import Watch

_watch: ContextVar[Watch | None] = ContextVar("twilio_operation", default=None)


@contextmanager
def within(watch: Watch) -> Iterator[None]:
    """Run one operation within this deadline."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def left() -> float:
    """Seconds left of it; 0 when it is over, and outside of any."""
    watch = _watch.get()
    return 0.0 if watch is None or watch.expired else watch.left()
