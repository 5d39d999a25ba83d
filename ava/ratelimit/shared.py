"""The fleet's log in Redis, with this process' own beside it."""

from collections.abc import Sequence

from ava.ratelimit.redis import RedisStore
from ava.ratelimit.store import Hit, MemoryStore, Usage
from ava.redis import RedisUnavailable


class SharedStore:
    """Counts in Redis, and goes on alone while it is lost.

    The process keeps a log of what it lets through itself. That is part of what Redis counts, so
    it refuses nothing that Redis would let pass, until Redis has forgotten: after a flush or a
    restart no process gives the same quota twice. Of what the others let through it knows what
    Redis said last.
    """

    def __init__(self, fleet: RedisStore, own: MemoryStore) -> None:
        self._fleet = fleet
        self._own = own

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        """As `Store.hit`. Atomic for the fleet, or for this process while Redis is lost."""
        known = self._own.look(hits)
        if not all(usage.allowed for usage in known):
            return known
        try:
            usages = self._fleet.hit(hits)
        except RedisUnavailable:
            return self._own.hit_alone(hits)
        if all(usage.allowed for usage in usages):
            self._own.hit(hits)
        self._own.see(hits, usages)
        return usages
