"""AVA's own rate limit: exact, per client and per user in each group of endpoints.

At most N requests in any 60 seconds, wherever the minute is cut, over all of AVA's processes when
they share a Redis. Why not a fixed window or GCRA: docs/adr/0002-rate-limiting.md.
"""

import os

import structlog
from django.http import HttpRequest
from prometheus_client import Counter

from ava.http import clients
from ava.ratelimit.policies import WINDOW_SECONDS, group_of, policies_of, register, share
from ava.ratelimit.redis import RedisStore
from ava.ratelimit.shared import SharedStore
from ava.ratelimit.store import MemoryStore, Store
from ava.ratelimit.verdict import Applied, LimiterFailed, Verdict, judged, tightest_of
from ava.redis import get_client

__all__ = ["Verdict", "check", "forget", "refused", "register", "share", "use"]

log = structlog.get_logger("ava.ratelimit")

_refusals = Counter(
    "ava_rate_limit_refusals",
    "Requests refused with 429 by AVA itself, by group and by the policy that refused.",
    ["group", "policy"],
)
_own = MemoryStore(window=WINDOW_SECONDS)


def check(
    request: HttpRequest, group: str, *, user: str | None = None, client: str | None = None
) -> Verdict:
    """Count this request against every policy of the group that it meets.

    Refused requests are counted nowhere, so that `Retry-After` comes true.

    Args:
        user: whom a token that AVA signed names; None for everybody else.
        client: who is counted; the client's address where nobody is named.
    """
    try:
        verdict = _judge(group, client or clients.network(request), user)
    except Exception:  # Whatever it is: a group's own word says who suffers from it.
        log.error("rate limiter failed", group=group, exc_info=True)
        return Verdict(problem=LimiterFailed() if group_of(group).when_lost == "closed" else None)
    if not verdict.allowed:
        refused(group, policy=tightest_of(verdict.applied).policy.scope)
    return verdict


def refused(group: str, *, policy: str = "client") -> None:
    """Count a refusal in the metrics; for limits that are kept elsewhere, such as the admin's."""
    _refusals.labels(group=group, policy=policy).inc()


def forget() -> None:
    """Drop every count of this process; Redis keeps its own."""
    _own.forget()


def use(own: MemoryStore) -> MemoryStore:
    """Keep this process' counts in this store from now on; the one used until now is returned."""
    global _own
    before, _own = _own, own
    return before


def _store(group: str) -> Store:
    link = get_client() if group_of(group).shared else None
    if link is None:
        return _own
    return SharedStore(RedisStore(link, window=WINDOW_SECONDS), _own)


def _afresh() -> None:
    # A thread of the parent may have held the lock.
    use(MemoryStore(window=WINDOW_SECONDS))


os.register_at_fork(after_in_child=_afresh)


def _judge(group: str, client: str, user: str | None) -> Verdict:
    policies = policies_of(group, client=client, user=user)
    usages = _store(group).hit([policy.hit for policy in policies])
    return judged([Applied(*pair) for pair in zip(policies, usages, strict=True)])
