"""Copies and read locks: in this process and, with `REDIS_URL`, in Redis for all processes.

While Redis is lost each process goes on with its own copies.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Generic
from uuid import uuid4

from ava import redis
from ava.cache.sealed import Envelope, Key, Unreadable, V
from ava.redis import RedisUnavailable, Script

SIZE = 1000
"""Keys kept in this process; the least recently used goes first."""

LOCK_SECONDS = 5.0
"""After which the others ask for themselves, if the process that reads has died."""

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


@dataclass(frozen=True, slots=True)
class Entry(Generic[V]):
    """A value, and when its read began."""

    value: V = field(repr=False)
    as_of: datetime


class Store(Generic[V]):
    """Entries of one cache.

    Every key has an `address` beside it: the name that its entry is sealed for. One entry may lie
    under several keys of one address.
    """

    def __init__(self, name: str, envelope: Envelope[V]) -> None:
        self._name = name
        self._envelope = envelope
        self._lock = Lock()
        self._entries: OrderedDict[Key, Entry[V]] = OrderedDict()

    def find(self, key: Key, address: Key) -> Entry[V] | None:
        """The entry in this process, else in Redis."""
        return self.find_here(key) or self.find_shared(key, address)

    def find_here(self, key: Key) -> Entry[V] | None:
        """The entry in this process."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def find_shared(self, key: Key, address: Key) -> Entry[V] | None:
        """The entry in Redis; it is kept in this process, too."""
        blob = self._run(_GET, [key])
        if not blob:
            return None
        try:
            moment, value = self._envelope.open(address, blob.decode())
        except Unreadable:
            return None
        entry = Entry(value, datetime.fromisoformat(moment))
        self._remember(key, entry)
        return entry

    def put(self, lives: dict[Key, float], address: Key, entry: Entry[V]) -> None:
        """Keep an entry.

        Args:
            lives: key -> seconds until Redis forgets it.
        """
        for key in lives:
            self._remember(key, entry)
        if redis.get_client() is not None:
            blob = self._envelope.seal(address, entry.as_of.isoformat(), entry.value)
            ends = [max(1, round(seconds * 1000)) for seconds in lives.values()]
            self._run(_PUT, list(lives), blob, *ends)

    def lock(self, key: Key) -> str | None:
        """The right to read for all processes, as a token; None while another one has it."""
        token = uuid4().hex
        try:
            granted = self._ask(_LOCK, [(*key, "lock")], token, round(LOCK_SECONDS * 1000))
        except RedisUnavailable:
            return ""
        return token if granted else None

    def unlock(self, key: Key, token: str) -> None:
        """Let the next process read."""
        if token:
            self._run(_UNLOCK, [(*key, "lock")], token)

    def clear(self) -> None:
        """Start empty in this process."""
        with self._lock:
            self._entries.clear()

    def _remember(self, key: Key, entry: Entry[V]) -> None:
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > SIZE:
                self._entries.popitem(last=False)

    def _run(self, script: Script, keys: list[Key], *args: str | int) -> Any:
        """What the script returns; None without Redis."""
        try:
            return self._ask(script, keys, *args)
        except RedisUnavailable:
            return None

    def _ask(self, script: Script, keys: list[Key], *args: str | int) -> Any:
        """Raises: RedisUnavailable: also where no Redis is set."""
        client = redis.get_client()
        if client is None:
            raise RedisUnavailable
        # One hash tag for all keys of an owner: scripts touch several.
        names = [f"ava:{{copies:{self._name}:{key[0]}}}:{json.dumps(key[1:])}" for key in keys]
        return client.run(script, names, args)
