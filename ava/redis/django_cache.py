"""Django's default cache: in Redis when `REDIS_URL` is set, in the process while that is lost.

Django's own `RedisCache` makes a 500 of a lost Redis, knows no cluster, and may leave a number
without an end when it counts. Here a value is what JSON can say.
"""

import json
import math
from contextlib import suppress
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache

from ava import redis
from ava.redis import RedisClient, RedisUnavailable, Script

Seconds = Any
"""None for ever; Django's sentinel for the default."""

# INCRBY alone would make a key that has just gone, and for ever.
_INCREASE = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('INCRBY', KEYS[1], ARGV[1])
""")


class RedisCache(BaseCache):
    """Every write is made in the process, too; what stands there counts while Redis is lost."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._own = LocMemCache(name, params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            text = self._command("GET", key, version)
            return default if text is None else json.loads(text)
        except RedisUnavailable:
            return self._own.get(key, default, version)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return default  # not written by AVA

    def set(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._own.set(key, value, timeout, version)
        with suppress(RedisUnavailable):
            self._command("SET", key, version, *self._value(value, timeout))

    def add(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        own = self._own.add(key, value, timeout, version)
        try:
            return bool(self._command("SET", key, version, *self._value(value, timeout), "NX"))
        except RedisUnavailable:
            return own

    def delete(self, key: str, version: int | None = None) -> bool:
        own = self._own.delete(key, version)
        try:
            return bool(self._command("DEL", key, version))
        except RedisUnavailable:
            return own

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number. Atomic. Raises: ValueError, where there is none."""
        found = None
        with suppress(ValueError):
            found = self._own.incr(key, delta, version)
        with suppress(RedisUnavailable):
            found = self._client().run(_INCREASE, [self.make_key(key, version)], [delta])
        if found is None:
            raise ValueError(f"Key {key!r} not found.")
        return int(found)

    def clear(self) -> None:
        """Forget everything of this cache, and nothing else that Redis holds."""
        self._own.clear()
        with suppress(RedisUnavailable):
            client = self._client()
            for name in client.scan(f"{self.key_prefix}:*"):
                client.command("DEL", name.decode())

    def _client(self) -> RedisClient:
        client = redis.get_client()
        if client is None:
            raise RedisUnavailable
        return client

    def _command(self, name: str, key: str, version: int | None, *args: str | int) -> Any:
        return self._client().command(name, self.make_and_validate_key(key, version), *args)

    def _value(self, value: Any, timeout: Seconds) -> tuple[str | int, ...]:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        # Redis takes no 0; Django means by it that the key goes at once.
        life = () if seconds is None else ("PX", max(1, math.ceil(seconds * 1000)))
        return (json.dumps(value), *life)
