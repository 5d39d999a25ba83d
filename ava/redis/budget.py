"""How long one request has waited for Redis in all.

A Redis that is slow but answers would cost a request its delay times as often as it is asked, and
an edit asks some twenty times.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_spent: ContextVar[list[float] | None] = ContextVar("spent_on_redis", default=None)


@contextlib.contextmanager
def metered() -> Iterator[None]:
    """Count what this block, and threads that inherit its context, wait for Redis."""
    token = _spent.set([])
    try:
        yield
    finally:
        _spent.reset(token)


def spend(seconds: float) -> float:
    """Count a wait.

    Returns:
        All seconds of this request so far; 0 outside of one, where nobody waits.
    """
    spent = _spent.get()
    if spent is None:
        return 0.0
    spent.append(seconds)
    return sum(spent)
