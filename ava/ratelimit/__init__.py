"""Rate limit: exact, per client and per user in each group of endpoints.

At most N requests in any 60 seconds, wherever the minute is cut, over all of AVA's processes when
they share a Redis: docs/adr/0010-redis-by-redis-py.md.
"""

import os

import structlog
from django.http import HttpRequest
from prometheus_client import Counter

from ava.http import clients
from ava.ratelimit.policies import WINDOW_SECONDS, Group, group_of, limits_of, register, share
from ava.ratelimit.shared import SharedWindow
from ava.ratelimit.verdict import LimiterFailed, Verdict, judge
from ava.ratelimit.window import MemoryWindow
from ava.redis import get_client

__all__ = ["Group", "Verdict", "check", "forget", "refused", "register", "share", "use"]

log = structlog.get_logger("ava.ratelimit")

_refusals = Counter(
    "ava_rate_limit_refusals",
    "Requests refused with 429 by AVA itself, by group and by the policy that refused.",
    ["group", "policy"],
)
_own = MemoryWindow(WINDOW_SECONDS)
_shared = SharedWindow(WINDOW_SECONDS, _own)


def check(
    request: HttpRequest, group: str, *, user: str | None = None, client: str | None = None
) -> Verdict:
    """Count this request against every limit of the group that it meets.

    Refused requests are counted nowhere, so that `Retry-After` comes true.

    Args:
        user: named by a token that AVA signed; None where there is none.
        client: who is counted; the client's address by default.
    """
    try:
        limits = limits_of(group, client=client or clients.network(request), user=user)
        redis = get_client() if group_of(group).shared else None
        verdict = judge(limits, _shared.hit(redis, limits) if redis else _own.hit(limits))
    except Exception:  # Whatever it is: the group says whether requests pass uncounted.
        log.error("rate limiter failed", group=group, exc_info=True)
        return Verdict(problem=LimiterFailed() if group_of(group).when_lost == "closed" else None)
    if not verdict.allowed:
        refused(group, policy=verdict.tightest[0].scope)
    return verdict


def refused(group: str, *, policy: str = "client") -> None:
    """Count a refusal in the metrics; for limits that are kept elsewhere, such as the admin's."""
    _refusals.labels(group=group, policy=policy).inc()


def use(own: MemoryWindow) -> MemoryWindow:
    """Keep this process' counts in this window from now on; the one used until now is returned."""
    global _own, _shared
    before, _own = _own, own
    _shared = SharedWindow(WINDOW_SECONDS, own)
    return before


def forget() -> None:
    """Drop every count of this process; Redis keeps its own."""
    use(MemoryWindow(WINDOW_SECONDS))


# A thread of the parent may have held the lock.
os.register_at_fork(after_in_child=forget)
