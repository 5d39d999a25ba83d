"""AVA's own rate limit: exact, per client and group of endpoints.

At most N requests in any 60 seconds, wherever the minute is cut. Why not a fixed window or GCRA:
docs/adr/0002-rate-limiting.md.
"""

from django.http import HttpRequest
from prometheus_client import Counter

from ava import clients
from ava.ratelimit.policies import WINDOW_SECONDS, limit_of, register
from ava.ratelimit.store import MemoryStore, Store
from ava.ratelimit.verdict import Verdict

__all__ = ["Verdict", "check", "forget", "refused", "register", "use"]

_refusals = Counter(
    "ava_rate_limit_refusals", "Requests refused with 429 by AVA itself, by group.", ["group"]
)
_store: Store = MemoryStore(window=WINDOW_SECONDS)


def check(request: HttpRequest, group: str) -> Verdict:
    """Count this request against its client's quota in the group.

    Refused requests are not counted, so that `retry_after` comes true.
    """
    limit = limit_of(group)
    usage = _store.hit(f"{group} {clients.network(request)}", limit=limit)
    if not usage.allowed:
        refused(group)
    return Verdict(
        group=group,
        allowed=usage.allowed,
        limit=limit,
        remaining=max(0, limit - usage.used),
        reset_after=usage.frees_after,
        retry_after=0.0 if usage.allowed else usage.frees_after,
    )


def refused(group: str) -> None:
    """Count a refusal in the metrics; for limits that are kept elsewhere, such as the admin's."""
    _refusals.labels(group=group).inc()


def forget() -> None:
    """Drop every count."""
    _store.forget()


def use(store: Store) -> Store:
    """Keep the counts in this store from now on; the one used until now is returned."""
    global _store
    before, _store = _store, store
    return before
