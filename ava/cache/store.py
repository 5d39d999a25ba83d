"""Copies and read locks: in this process and, with `REDIS_URL`, sealed in Redis for all."""

import base64
import json
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Generic, TypeVar
from uuid import uuid4

from ava import redis
from ava.redis import RedisUnavailable, Script
from ava.sealing.keys import Binding, Unsealable, key_ring

V = TypeVar("V")

Key = tuple[str | int, ...]
"""Key of a copy; the first part is its owner."""

SIZE = 1000
"""Keys kept in this process; the least recently used goes first."""

LOCK_SECONDS = 5.0
"""Expiry of a read lock, after which others read if the process that held it has died."""

_GET = Script("return redis.call('GET', KEYS[1])")
_PUT = Script("""
for i = 1, #KEYS do
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[i + 1])
end
""")
_LOCK = Script("return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])")
_UNLOCK = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
""")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Copy(Generic[V]):
    value: V = field(repr=False)
    as_of: datetime  # when the read began
    stale: bool = False  # reading failed just now, and this is the last good copy

    @property
    def age(self) -> float:
        """Seconds since the read began; negative if a clock has gone back."""
        return (now() - self.as_of).total_seconds()


class Store(Generic[V]):
    """Copies of one cache. A copy may lie under several keys; it is sealed for its `address`.

    Args:
        decode: makes a value of its JSON, in which dataclasses are objects and times are texts;
            raises KeyError, TypeError or ValueError on what another release has written.
    """

    def __init__(self, name: str, decode: Callable[[Any], V]) -> None:
        self._name = name
        self._decode = decode
        self._lock = Lock()
        self._copies: OrderedDict[Key, Copy[V]] = OrderedDict()

    def find(self, key: Key, address: Key) -> Copy[V] | None:
        return self.find_here(key) or self.find_shared(key, address)

    def find_here(self, key: Key) -> Copy[V] | None:
        with self._lock:
            copy = self._copies.get(key)
            if copy is not None:
                self._copies.move_to_end(key)
            return copy

    def find_shared(self, key: Key, address: Key) -> Copy[V] | None:
        blob = self._run(_GET, [key])
        copy = self._open(blob.decode(), address) if blob else None
        if copy is not None:
            self._remember(key, copy)
        return copy

    def put(self, lives: dict[Key, float], address: Key, copy: Copy[V]) -> None:
        """Keep a copy. `lives` are seconds until Redis forgets it, by key."""
        for key in lives:
            self._remember(key, copy)
        if redis.get_client() is not None:
            ends = [max(1, round(seconds * 1000)) for seconds in lives.values()]
            self._run(_PUT, list(lives), self._seal(copy, address), *ends)

    def lock(self, key: Key) -> str | None:
        """Read lock of all processes, as a token; None while another process holds it."""
        token = uuid4().hex
        name = (*key, "lock")
        granted = self._run(_LOCK, [name], token, round(LOCK_SECONDS * 1000), lost=True)
        return token if granted else None

    def unlock(self, key: Key, token: str) -> None:
        self._run(_UNLOCK, [(*key, "lock")], token)

    def clear(self) -> None:
        with self._lock:
            self._copies.clear()

    def _remember(self, key: Key, copy: Copy[V]) -> None:
        with self._lock:
            known = self._copies.get(key)
            # A slow read, or a Redis that was lost for a while, brings nothing older back.
            if known is None or known.as_of <= copy.as_of:
                self._copies[key] = copy
            self._copies.move_to_end(key)
            if len(self._copies) > SIZE:
                self._copies.popitem(last=False)

    def _run(self, script: Script, keys: list[Key], *args: str | int, lost: Any = None) -> Any:
        """Result of the script; `lost` without Redis."""
        client = redis.get_client()
        # One hash tag for all keys of an owner: scripts touch several.
        names = [f"ava:{{copies:{self._name}:{key[0]}}}:{json.dumps(key[1:])}" for key in keys]
        try:
            return client.run(script, names, args) if client is not None else lost
        except RedisUnavailable:
            return lost

    def _seal(self, copy: Copy[V], address: Key) -> str:
        """The copy as opaque text: it holds prompts, and whatever else a provider sends."""
        packed = zlib.compress(json.dumps([copy.as_of, copy.value], default=_plain).encode(), 1)
        return key_ring().seal(base64.b64encode(packed).decode(), self._binding(address))

    def _open(self, text: str, address: Key) -> Copy[V] | None:
        """Sealed copy; None if by a key of another ring, or by another release."""
        try:
            packed = base64.b64decode(key_ring().open(text, self._binding(address)))
            as_of, value = json.loads(zlib.decompress(packed))
            return Copy(self._decode(value), datetime.fromisoformat(as_of))
        except (Unsealable, zlib.error, KeyError, TypeError, ValueError):
            return None

    def _binding(self, address: Key) -> Binding:
        return Binding("ava.cache", self._name, pk=json.dumps(address), owner=str(address[0]))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else vars(value)
