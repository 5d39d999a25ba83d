"""Shared state of AVA processes in Redis: `get_client()` when `REDIS_URL` is set."""

import os

from django.conf import settings

from ava.redis.client import RedisClient, RedisUnavailable, Script

__all__ = ["RedisClient", "RedisUnavailable", "Script", "get_client", "reset"]

_clients: dict[str, RedisClient] = {}


def get_client() -> RedisClient | None:
    url: str | None = settings.REDIS_URL
    if not url:
        return None
    return _clients.get(url) or _clients.setdefault(url, RedisClient(url))


def reset() -> None:
    for client in _clients.values():
        client.close()
    _clients.clear()


# Not closed: the sockets are the parent's, too.
os.register_at_fork(after_in_child=_clients.clear)
