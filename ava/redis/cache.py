"""Django's default cache: in Redis when `REDIS_URL` is set, in the process while that is lost.

Django's own `RedisCache` makes a 500 of a lost Redis, knows no cluster, and may leave a number
without an end when it counts. Here a value is what JSON can say.
"""

import json
import math
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache

from ava import redis
from ava.redis.client import RedisClient, RedisUnavailable, Script

Seconds = Any
"""None for ever; Django's sentinel for the default."""

# INCRBY alone would make a key that has just gone, and for ever.
_INCREASE = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('INCRBY', KEYS[1], ARGV[1])
""")


class RedisCache(BaseCache):
    """Every write is made in the process, too; what stands there counts while Redis is lost.

    Args:
        name: of the process' own part, as for Django's `LocMemCache`.
        params: as in `settings.CACHES`.
    """

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._own = LocMemCache(name, params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        def ask(client: RedisClient, name: str) -> Any:
            text = client.command("GET", name)
            try:
                return default if text is None else json.loads(text)
            except ValueError:
                return default  # not written by AVA

        return self._ask(key, version, ask, self._own.get(key, default, version))

    def set(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._own.set(key, value, timeout, version)
        self._write(key, value, timeout, version)

    def add(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        own = self._own.add(key, value, timeout, version)
        return bool(self._write(key, value, timeout, version, "NX", own=own))

    def delete(self, key: str, version: int | None = None) -> bool:
        own = self._own.delete(key, version)
        return bool(self._ask(key, version, lambda client, name: client.command("DEL", name), own))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number. Atomic.

        Raises:
            ValueError: there is none.
        """
        try:
            own = self._own.incr(key, delta, version)
        except ValueError:
            own = None
        found = self._ask(
            key, version, lambda client, name: client.run(_INCREASE, [name], [delta]), own
        )
        if found is None:
            raise ValueError(f"Key {key!r} not found.")
        return int(found)

    def clear(self) -> None:
        """Forget everything of this cache, and nothing else that Redis holds."""
        self._own.clear()

        def ask(client: RedisClient, _: str) -> None:
            for name in client.scan(f"{self.key_prefix}:*"):
                client.command("DEL", name.decode())

        self._ask("", None, ask, None)

    def _write(
        self,
        key: str,
        value: Any,
        timeout: Seconds,
        version: int | None,
        *condition: str,
        own: bool = True,
    ) -> Any:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        # Redis takes no 0; Django means by it that the key goes at once.
        life = () if seconds is None else ("PX", max(1, math.ceil(seconds * 1000)))
        text = json.dumps(value)
        return self._ask(
            key,
            version,
            lambda client, name: client.command("SET", name, text, *life, *condition),
            own,
        )

    def _ask(
        self, key: str, version: int | None, ask: Callable[[RedisClient, str], Any], own: Any
    ) -> Any:
        """What Redis says to it; `own` without a Redis, and while it is lost."""
        client = redis.get_client()
        if client is None:
            return own
        try:
            return ask(client, self.make_and_validate_key(key, version))
        except RedisUnavailable:
            return own
