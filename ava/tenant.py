"""Tenant of the work under way: the user whose account a request, a webhook or a job is about.

None is AVA's own work, which no tenant can cause: periodic jobs, `manage.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_LENGTH = 40

Tenant = str | None

CURRENT: ContextVar[Tenant] = ContextVar("tenant", default=None)


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
