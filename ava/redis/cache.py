"""Django's default cache: in Redis when `REDIS_URL` is set, in the process while that is lost.

Django's own `RedisCache` makes a 500 of a lost Redis, holds pickles, and adds to a number in two
steps. Here a value is what JSON can say.
"""

import json
import math
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache

from ava import redis as fleet
from ava.redis.link import FleetLost, Link, Script

Seconds = Any
"""None for ever; Django's sentinel for the default."""

# INCRBY alone would make a key that has just gone, and for ever.
_ADD_TO = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('INCRBY', KEYS[1], ARGV[1])
""")


class FleetCache(BaseCache):
    """Every write is made in the process, too; what stands there counts while Redis is lost.

    Args:
        name: of the process' own part, as for Django's `LocMemCache`.
        params: as in `settings.CACHES`.
    """

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._own = LocMemCache(name, params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        def ask(link: Link, k: str) -> Any:
            text = link.command("GET", k)
            try:
                return default if text is None else json.loads(text)
            except ValueError:
                return default  # not written by AVA

        return self._ask(key, version, ask, self._own.get(key, default, version))

    def set(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._own.set(key, value, timeout, version)
        self._write(key, value, timeout, version, only_new=False)

    def add(
        self, key: str, value: Any, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        added = self._own.add(key, value, timeout, version)
        return bool(self._write(key, value, timeout, version, only_new=True, own=added))

    def touch(
        self, key: str, timeout: Seconds = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        life = self._milliseconds(timeout)

        def ask(link: Link, k: str) -> Any:
            if life is not None:
                return link.command("PEXPIRE", k, life)
            link.command("PERSIST", k)
            return link.command("EXISTS", k)

        return bool(self._ask(key, version, ask, self._own.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        own = self._own.delete(key, version)
        return bool(self._ask(key, version, lambda link, k: link.command("DEL", k), own))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number. Atomic.

        Raises:
            ValueError: there is none.
        """
        try:
            own = self._own.incr(key, delta, version)
        except ValueError:
            own = None
        found = self._ask(key, version, lambda link, k: link.run(_ADD_TO, [k], [delta]), own)
        if found is None:
            raise ValueError(f"Key {key!r} not found.")
        return int(found)

    def clear(self) -> None:
        """Forget everything of this cache, and nothing else that Redis holds."""
        self._own.clear()
        pattern = f"{self.key_prefix}:*"

        def ask(link: Link, _: str) -> None:
            for key in link.scan(pattern):
                link.command("DEL", key.decode())

        self._ask("", None, ask, None)

    def _write(
        self,
        key: str,
        value: Any,
        timeout: Seconds,
        version: int | None,
        *,
        only_new: bool,
        own: bool = True,
    ) -> Any:
        text, life = json.dumps(value), self._milliseconds(timeout)

        def ask(link: Link, k: str) -> Any:
            lasting = () if life is None else ("PX", life)
            return link.command("SET", k, text, *lasting, *(("NX",) if only_new else ()))

        return self._ask(key, version, ask, own)

    def _ask(self, key: str, version: int | None, ask: Callable[[Link, str], Any], own: Any) -> Any:
        """What Redis says to it; `own` without a Redis, and while it is lost."""
        link = fleet.link()
        if link is None:
            return own
        try:
            return ask(link, self.make_and_validate_key(key, version))
        except FleetLost:
            return own

    def _milliseconds(self, timeout: Seconds) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        # Redis takes no 0; Django means by it that the key goes at once.
        return None if seconds is None else max(1, math.ceil(seconds * 1000))
