"""Redis connections by `REDIS_URL`: single node, Sentinel, cluster; short time-outs, no retries."""

from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel

TIMEOUT_SECONDS = 0.05
"""To connect, and for each answer. `REDIS_URL` may say otherwise (`?socket_timeout=`)."""

SENTINEL = "+sentinel"
SENTINEL_PORT = 26379


def connect(url: str, *, timeout: float = TIMEOUT_SECONDS) -> redis.Redis:
    """A client of the Redis that the URL names; it connects with its first command.

    Args:
        url: as redis-py takes it, or
            `redis+sentinel://[[user]:password@]host[:port][,host[:port]]/service[/database]`.
            User, password and database are those of Redis itself; sentinels are asked without.
    """
    if SENTINEL in urlsplit(url).scheme:
        return _by_sentinel(url, timeout)
    return redis.Redis.from_url(url, **_options(timeout))


def connect_cluster(url: str) -> RedisCluster:
    return RedisCluster.from_url(url, **_options())


def sentinels_of(netloc: str) -> list[tuple[str, int]]:
    """Host and port of each sentinel. Raises: ValueError."""
    parts = [urlsplit(f"//{place}") for place in netloc.rpartition("@")[2].split(",")]
    return [(part.hostname or "localhost", part.port or SENTINEL_PORT) for part in parts]


def _by_sentinel(url: str, timeout: float) -> redis.Redis:
    parts = urlsplit(url)
    scheme = parts.scheme.removesuffix(SENTINEL)
    service, _, database = parts.path.strip("/").partition("/")
    access = parts.netloc.rpartition("@")[0]
    options = _options(timeout) | parse_url(f"{scheme}://{access}@-/{database}?{parts.query}")  # type: ignore[no-untyped-call]  # redis-py
    options["ssl"] = options.pop("connection_class", None) is not None
    del options["host"]
    own = ("username", "password", "db", "max_connections")
    sentinels = Sentinel(  # type: ignore[no-untyped-call]  # redis-py
        sentinels_of(parts.netloc),
        sentinel_kwargs={name: it for name, it in options.items() if name not in own},
        **options,
    )
    master: redis.Redis = sentinels.master_for(service)  # type: ignore[no-untyped-call]  # redis-py
    return master


def _options(timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_keepalive": True,
        "max_connections": 1000,
        # A connection begins with nothing but password and database.
        "protocol": 2,
        "driver_info": None,
        "retry": Retry(NoBackoff(), 0),
    }
