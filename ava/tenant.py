"""Tenant of the work under way: the user whose account a request, a webhook or a job is about; and
whether a user waits for it.

The tenant None is AVA's own work, which no tenant can cause: periodic jobs, `manage.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_LENGTH = 40

Tenant = str | None

CURRENT: ContextVar[Tenant] = ContextVar("tenant", default=None)
BACKGROUND: ContextVar[bool] = ContextVar("in_background", default=False)


def key(user_id: object) -> Tenant:
    return None if user_id is None else str(user_id)


current = CURRENT.get
"""The tenant that the work is done for."""


@contextmanager
def bind(tenant: Tenant) -> Iterator[None]:
    token = CURRENT.set(tenant)
    try:
        yield
    finally:
        CURRENT.reset(token)


@contextmanager
def in_background() -> Iterator[None]:
    """Mark the block as work that no user waits for: it gets the smaller share."""
    token = BACKGROUND.set(True)
    try:
        yield
    finally:
        BACKGROUND.reset(token)
