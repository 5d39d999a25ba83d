"""Cache of provider reads, keyed by account generation: docs/adr/0011.

Concurrent misses make one read: the first leads, a bounded number wait a bounded time for its
result, further ones are refused. With `REDIS_URL` all of this holds for all processes together.
"""

from ava.cache.read_cache import MAX_WAITERS, Loaded, ReadCache, Scope
from ava.cache.store import Copy, now

__all__ = ["MAX_WAITERS", "Copy", "Loaded", "ReadCache", "Scope", "now"]
