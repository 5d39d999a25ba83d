"""Reads that are slow or may fail, shared and remembered.

A fresh copy answers at once. Concurrent misses make one read: the first leads, a bounded number
wait a bounded time for its result, further ones are refused. The last good copy is kept for when
reading fails.

What a read brings is only kept if nothing newer is known: a read that began before a `drop`, or
under an earlier edition, never replaces what came after it.

With `REDIS_URL` all of this holds for all processes together: docs/adr/0006.
"""

from ava.cache.cache import FOLLOWERS, PATIENCE, Copy, ReadCache
from ava.cache.fleet import FleetStore
from ava.cache.sealed import Envelope
from ava.cache.store import Key, Mark

__all__ = [
    "FOLLOWERS",
    "PATIENCE",
    "Copy",
    "Envelope",
    "FleetStore",
    "Key",
    "Mark",
    "ReadCache",
]
