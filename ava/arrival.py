"""When the request at hand arrived: before it waited for a thread, and before it was read."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_arrived: ContextVar[datetime | None] = ContextVar("arrived", default=None)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Serve a request in this block, whose first bytes were here at that moment."""
    token = _arrived.set(moment)
    try:
        yield
    finally:
        _arrived.reset(token)


def moment() -> datetime:
    """When it arrived; now, where no worker of ours has noted it."""
    return _arrived.get() or timezone.now()
