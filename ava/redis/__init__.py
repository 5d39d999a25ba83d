"""Shared state of AVA processes in Redis: `get_client()` when `REDIS_URL` is set.

Every user keeps an in-process store beside it and goes on with that on `RedisUnavailable`.
"""

import os

from django.conf import settings

from ava.redis.client import RedisClient, RedisUnavailable, Script

__all__ = ["RedisClient", "RedisUnavailable", "Script", "get_client", "reset"]

_clients: dict[str, RedisClient] = {}


def get_client() -> RedisClient | None:
    """This process' client for `REDIS_URL`; None where none is set."""
    url: str | None = settings.REDIS_URL
    if not url:
        return None
    return _clients.get(url) or _clients.setdefault(url, RedisClient(url))


def reset() -> None:
    """Close and drop every client (tests)."""
    for client in _clients.values():
        client.close()
    _clients.clear()


# Not closed: the sockets are the parent's, too.
os.register_at_fork(after_in_child=_clients.clear)
