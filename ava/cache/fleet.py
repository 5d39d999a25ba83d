"""Copies that all processes share, through Redis; without it, those of this process.

Each process keeps what it has opened, and asks Redis each time whether that still stands. While
Redis is lost no copy is certain, so every read goes to the source; the last good ones are still
there for when that fails, too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic
from uuid import uuid4

from ava import redis
from ava.cache import scripts
from ava.cache.leases import SECONDS as LEASE_SECONDS
from ava.cache.leases import Leases
from ava.cache.memory import SIZE, Entry, MemoryStore
from ava.cache.sealed import Envelope, Unreadable
from ava.cache.store import KEEP_SECONDS, Fence, Found, Key, Look, Mark, Pending, V
from ava.redis import RedisClient, RedisUnavailable
from ava.redis.client import Argument

_KEEP = round(KEEP_SECONDS * 1000)
_LEASE = round(LEASE_SECONDS * 1000)

_leases = Leases()


@dataclass(frozen=True)
class _Told:
    """A copy as Redis tells of it."""

    tick: int
    edition: int
    at: int
    age: int
    blob: bytes


class FleetStore(Generic[V]):
    """A store for the fleet.

    Args:
        name: of the cache, the same in all processes.
        envelope: seals what goes to Redis.
    """

    def __init__(self, name: str, envelope: Envelope[V]) -> None:
        self._name = name
        self._envelope = envelope
        self._memory: MemoryStore[V] = MemoryStore()

    def look(self, key: Key) -> Look[V]:
        link = redis.get_client()
        if link is None:
            return self._memory.look(key)
        since, mine = self._memory.mark(key), self._memory.entry(key)
        try:
            born, dropped, *told = link.run(
                scripts.LOOK, self._keys(key), [_stamp(mine), *_beginnings(key)]
            )
        except RedisUnavailable:
            return Look(self._uncertain(key), self._memory.look(key).order)
        if told:
            found = self._opened(key, mine, since, born.decode(), _Told(*told[0]))
        else:
            found = None
            fence = mine.mark.fence if mine else None
            if mine and (dropped or (fence is not None and fence.born == born.decode())):
                self._memory.discard(key, mine)
        # If there is one left: Redis lost its memory, or was lost itself when it was read.
        return Look(found or self._uncertain(key), dropped)

    def mark(self, key: Key) -> Mark:
        mark = self._memory.mark(key)
        link = redis.get_client()
        if link is None:
            return mark
        try:
            born, tick, at = link.run(scripts.MARK, self._keys(key)[:1], [_KEEP])
        except RedisUnavailable:
            return mark
        return replace(mark, fence=Fence(born.decode(), tick, at))

    def claim(
        self, key: Key, *, edition: int, fresh_for: float, awaited: int | None
    ) -> Mark | Found[V] | Pending:
        link = redis.get_client()
        if link is None:
            return self._memory.claim(key, edition=edition, fresh_for=fresh_for, awaited=awaited)
        try:
            return self._claim(link, key, edition, fresh_for, awaited or 0) or (
                # There is a copy, but this process cannot open it.
                self._claim(link, key, edition, 0.0, 0) or self._memory.mark(key)
            )
        except RedisUnavailable:
            return self._memory.mark(key)

    def put(self, key: Key, value: V, *, mark: Mark, edition: int) -> Found[V]:
        found = self._memory.put(key, value, mark=mark, edition=edition)
        link, fence = redis.get_client(), mark.fence
        if link is None or fence is None:
            return found
        _leases.let_go(fence.lease)
        blob = self._envelope.seal(key, value)
        stored: list[Argument] = [fence.born, fence.tick, edition, fence.at, blob]
        try:
            link.run(
                scripts.PUT,
                self._keys(key, edition),
                [fence.lease, _KEEP, *stored, *_beginnings(key)],
            )
        except RedisUnavailable:
            self.abandon(key, mark, edition=edition)
        return found

    def abandon(self, key: Key, mark: Mark, *, edition: int) -> None:
        link, fence = redis.get_client(), mark.fence
        if link is not None and fence is not None and fence.lease:
            _leases.let_go(fence.lease)
            # Even if Redis is lost now: nobody shall wait for a read that is over.
            link.run_eventually(scripts.RELEASE, self._keys(key, edition), [fence.lease])

    def drop(self, prefix: Key) -> None:
        self._memory.drop(prefix)
        link = redis.get_client()
        if link is not None:
            # Even if Redis is lost now: it may come back with what is dropped here.
            link.run_eventually(
                scripts.DROP, self._keys(prefix)[:2], [_KEEP, json.dumps(prefix), SIZE]
            )

    def forget(self) -> None:
        self._memory.forget()

    def _claim(
        self, link: RedisClient, key: Key, edition: int, fresh_for: float, awaited: int
    ) -> Mark | Found[V] | Pending | None:
        mark, mine, token = self._memory.mark(key), self._memory.entry(key), uuid4().hex
        keys = self._keys(key, edition)
        wanted: list[Argument] = [_stamp(mine), edition, round(fresh_for * 1_000_000), awaited]
        try:
            answer, *told = link.run(
                scripts.CLAIM, keys, [token, _KEEP, _LEASE, *wanted, *_beginnings(key)]
            )
        except RedisUnavailable:
            # It may have been granted.
            link.run_eventually(scripts.RELEASE, keys, [token])
            raise
        if answer == b"pending":
            return Pending(told[0])
        born = told[0].decode()
        if answer == b"found":
            return self._opened(key, mine, mark, born, _Told(*told[1]))
        _leases.hold(keys[2], token)
        return replace(mark, fence=Fence(born, told[1], told[2], token))

    def _opened(
        self, key: Key, mine: Entry[V] | None, since: Mark, born: str, told: _Told
    ) -> Found[V] | None:
        """What Redis holds; None if it is of no use here."""
        as_of = datetime.fromtimestamp(told.at / 1_000_000, UTC)
        age = told.age / 1_000_000
        if mine and not mine.mark.fence and mine.mark.on_the_wall > as_of:
            # Read while Redis was lost: what people have seen must not go back.
            return None
        if not told.blob and mine:
            return Found(mine.value, told.edition, as_of, age)
        try:
            value = self._envelope.open(key, told.blob.decode())
        except Unreadable:
            if mine:
                self._memory.discard(key, mine)
            return None
        mark = Mark(since.tick, since.at - age, as_of, Fence(born, told.tick, told.at))
        self._memory.put(key, value, mark=mark, edition=told.edition)
        return Found(value, told.edition, as_of, age)

    def _uncertain(self, key: Key) -> Found[V] | None:
        found = self._memory.look(key).found
        return replace(found, certain=False) if found else None

    def _keys(self, key: Key, edition: int = 0) -> list[str]:
        """The account's order, the copy, and the lease of who reads it. One hash tag for all
        that may drop together."""
        account = f"ava:{{copies:{self._name}:{key[0]}}}"
        name = json.dumps(key)
        return [account, f"{account}:{name}", f"{account}:{name}:{edition}"]


def _beginnings(key: Key) -> Sequence[str]:
    return [json.dumps(key[:size]) for size in range(1, len(key) + 1)]


def _stamp(entry: Entry[Any] | None) -> str:
    """Names the copy in Redis that this one was or became."""
    fence = entry.mark.fence if entry else None
    return f"{fence.born}:{fence.tick}" if fence else ""
