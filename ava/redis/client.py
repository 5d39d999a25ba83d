"""Redis client: redis-py with short time-outs, left alone while Redis is lost.

The request that meets a Redis that refuses, is silent or takes no writes waits for one time-out.
From then on every call fails at once, without a packet, until a thread in the background has
written to Redis again.
"""

import contextlib
import hashlib
import itertools
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
import structlog
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import parse_url
from redis.exceptions import (
    AskError,
    ClusterDownError,
    DataError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry
from redis.sentinel import Sentinel

log = structlog.get_logger("ava.redis")

TIMEOUT_SECONDS = 0.05
"""Time-out of connecting, and of each answer. `REDIS_URL` may say otherwise
(`?socket_timeout=`)."""

SENTINEL = "+sentinel"
SENTINEL_PORT = 26379

PING_SECONDS = 0.1
"""Interval at which one thread of the process tries a lost Redis again."""

Argument = str | bytes | int | float

_FAULTS = (redis.RedisError, RedisClusterException, OSError, ValueError)
"""Exceptions of redis-py; ValueError where the peer is no Redis, or its name cannot be one."""

# Answers that mean Redis is of no use now, whatever is asked. In a script's error the code stands
# further on (Redis 6).
_LOSSES = (
    AskError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
_LOSS = re.compile(
    r"(?:^|-)(?:READONLY|OOM|BUSY|MISCONF|NOREPLICAS|NOPERM|MASTERDOWN|CLUSTERDOWN)\b"
    r"|^DB index is out of range"
)


class RedisUnavailable(Exception):
    """Redis cannot be reached now. What it was asked may or may not have been done."""


class Script:
    """A Lua script: atomic in Redis. Every key it touches is in KEYS, all of one hash tag."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


# Writes, as requests do: a replica or a full Redis would answer a mere PING.
_PING = Script("return redis.call('SET', KEYS[1], 1, 'PX', 1000)")


class RedisClient:
    """A process' client of one Redis or Redis Cluster. Never connects before the first call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis: redis.Redis | RedisCluster = connect(url)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._logged: set[str] = set()
        self.lost = False  # out of reach, as far as is known
        self.losses = 0

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Result of a script; strings are bytes. Raises: RedisUnavailable."""
        with self._watched(keys[0]):
            return self._evaluate(script, keys, args)

    def command(self, name: str, key: str, *args: Argument) -> Any:
        """Result of a command about one key. Raises: RedisUnavailable."""
        with self._watched(key):
            return self._execute(name, key, *args)

    def scan(self, pattern: str) -> Iterator[bytes]:
        with self._watched(pattern):
            yield from self._redis.scan_iter(pattern, 1000)

    def close(self) -> None:
        self._closed.set()
        self._redis.close()

    @contextlib.contextmanager
    def _watched(self, key: str) -> Iterator[None]:
        """Fails at once while Redis is lost, and notices when it is."""
        if self.lost:
            raise RedisUnavailable
        try:
            yield
        except _FAULTS as fault:
            if _is_loss(fault):
                self._lose(fault, key)
            elif str(type(fault)) not in self._logged:
                # A value of another kind than AVA's, a fault in a script: no loss.
                self._logged.add(str(type(fault)))
                log.error("redis refused", cause=_cause(fault), key=key)
            raise RedisUnavailable from fault

    def _execute(self, *command: Argument) -> Any:
        try:
            return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py
        except AskError:  # MOVED, too
            with self._lock:
                if not isinstance(self._redis, RedisCluster):
                    self._redis = RedisCluster.from_url(self._url, **_options())
        return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py

    def _evaluate(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        try:
            return self._execute("EVALSHA", script.sha, len(keys), *keys, *args)
        except NoScriptError:
            # After a restart or a flush, and at a node that has not had it yet.
            return self._execute("EVAL", script.source, len(keys), *keys, *args)

    def _lose(self, fault: Exception, key: str) -> None:
        with self._lock:
            if self.lost or self._closed.is_set():
                return
            self.lost = True
            self.losses += 1
        log.warning("redis lost", cause=_cause(fault))
        threading.Thread(target=self._reconnect, args=(key,), name="ava-redis", daemon=True).start()

    def _reconnect(self, key: str) -> None:
        """Ping until the key's node takes writes: of a cluster, another node would not do."""
        started = time.monotonic()
        ping = _ping_key(key)
        # By new connections: a Redis that was frozen first does what it got on the old ones.
        ways: list[redis.Redis | RedisCluster] = [connect(self._url)]
        if isinstance(self._redis, RedisCluster):
            # In turns with the nodes that are known, for the one of the URL may be gone.
            ways.append(self._redis)
        turns = itertools.cycle(ways)
        while not self._closed.wait(PING_SECONDS):
            self._redis = next(turns)
            try:
                self._evaluate(_PING, [ping], ())
            except _FAULTS:
                continue
            self.lost = False
            log.warning("redis is back", seconds=round(time.monotonic() - started, 1))
            return


def _is_loss(fault: Exception) -> bool:
    """Whether Redis is of no use now, rather than this command."""
    if not isinstance(fault, ResponseError | DataError) or isinstance(fault, _LOSSES):
        return True
    return bool(_LOSS.search(str(fault)))


def _cause(fault: Exception) -> str:
    """Cause of a failure for the log, without an answer's text, which may quote what was sent."""
    return type(fault).__name__ if isinstance(fault, ResponseError) else str(fault)


def _ping_key(key: str) -> str:
    """A key of AVA's own in the same slot of a cluster."""
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return f"ava:ping:{{{tag if opened and closed and tag else key}}}"


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
