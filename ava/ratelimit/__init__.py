"""Rate limit: exact, per client and per user in each group of endpoints.

A group is a word on a view (`ratelimit_group`). It gives each client address
`RATE_LIMIT_PER_MINUTE`, unless it is registered with bounds of its own, and each user six times as
much, over all addresses together. At most N requests in any 60 seconds, wherever the minute is cut,
over all of AVA's processes when they share a Redis: docs/adr/0010-redis-by-redis-py.md.
"""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

import structlog
from django.conf import settings
from django.http import HttpRequest
from prometheus_client import Counter

from ava.http import clients
from ava.http.problems import Problem, RateLimited
from ava.ratelimit.batches import Batches
from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.window import Limit, MemoryWindow, Usage
from ava.redis import RedisClient, get_client
from ava.repeats import Repeats

log = structlog.get_logger("ava.ratelimit")

WINDOW_SECONDS = 60

USER_FACTOR = 6
"""Limit of a user, in limits of a client: a person uses several devices and scripts at once, while
a stolen token may come from a thousand addresses."""

_VERDICT = "ava.ratelimit"

_refusals = Counter(
    "ava_rate_limit_refusals",
    "Requests refused with 429 by AVA itself, by group and by the policy that refused.",
    ["group", "policy"],
)
_failures = Repeats()
_own = MemoryWindow(WINDOW_SECONDS)
_shared = SharedWindow(WINDOW_SECONDS, _own)


@dataclass(frozen=True)
class Group:
    """Bounds of a group of endpoints.

    Args:
        at_least, at_most: of a client's requests per minute, whatever `RATE_LIMIT_PER_MINUTE` says.
        per_user: whether a user is counted, too, where an access token names one.
        when_lost: what holds while Redis is lost. "open": each process gives the whole limit.
            "closed": each worker gives its share of what was left when it last asked Redis, and
            where the limiter itself fails, requests are refused.
        shared: False where each process always counts for itself, and asks no Redis.
    """

    at_least: int = 1
    at_most: int | None = None
    per_user: bool = True
    when_lost: Literal["open", "closed"] = "open"
    shared: bool = True


_groups: dict[str, Group] = {
    # Machines ask these, and often. A probe of this process depends on nothing else.
    "probes": Group(at_least=1200, per_user=False, shared=False),
    "metrics": Group(at_least=600, per_user=False, shared=False),
    # A page of the documentation loads the whole document.
    "documentation": Group(at_least=60, per_user=False),
}
_ordinary = Group()


class LimiterFailed(Problem):
    """A fault of the limiter's own, where nothing may pass uncounted."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "limiter_failed"
    detail = "AVA cannot count requests right now, so it does not take this one. Please try again."


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check.

    Args:
        counts: every limit that the request met, and what is used of it; none where the limiter
            failed.
        problem: the refusal; None when the request passes.
    """

    counts: Sequence[tuple[Limit, Usage]] = ()
    problem: Problem | None = None

    def headers(self) -> dict[str, str]:
        """The headers every counted response carries.

        `RateLimit-Policy` lists all limits, the others show the tightest. `X-RateLimit-Reset` is
        Unix time, as most APIs that send it mean it; `t` of `RateLimit` is in seconds from now
        (draft-ietf-httpapi-ratelimit-headers-11).
        """
        if not self.counts:
            return {}
        limit, usage = _tightest(self.counts)
        left, seconds = max(0, limit.most - usage.used), math.ceil(usage.frees_after)
        headers = {
            "X-RateLimit-Limit": str(limit.most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(math.ceil(time.time() + usage.frees_after)),
            "RateLimit-Policy": ", ".join(
                f'"{one.name}";q={one.most};w={WINDOW_SECONDS}' for one, _ in self.counts
            ),
            "RateLimit": f'"{limit.name}";r={left};t={seconds}',
        }
        if self.problem is not None:
            headers["Retry-After"] = str(max(1, seconds))
        return headers


def register(name: str, group: Group) -> None:
    """Give a group bounds of its own."""
    _groups[name] = group
    introduce(name)


def introduce(name: str, *policies: str) -> None:
    """Make the series of a group's refusals exist, at 0: a rate over a missing series is no answer.

    Args:
        policies: that may refuse; those of the group by default.
    """
    by_user = group_of(name).per_user
    for policy in policies or (("client", "user") if by_user else ("client",)):
        _refusals.labels(group=name, policy=policy)


def group_of(name: str) -> Group:
    """The group as it is registered, or as all others are."""
    return _groups.get(name, _ordinary)


def limits_of(name: str, *, client: str, user: str | None) -> list[Limit]:
    """The limits that a request to this group meets, the client's first.

    Args:
        client: from `ava.http.clients.network`.
        user: of a token that AVA signed; None where there is none.
    """
    group = group_of(name)
    most = max(settings.RATE_LIMIT_PER_MINUTE, group.at_least)
    if group.at_most is not None:
        most = min(most, group.at_most)
    workers = None if group.when_lost == "open" else _workers()
    limits = [Limit(f"{name} {client}", most, name, "client", workers)]
    if user is not None and group.per_user:
        by_user = f"{name}-user"
        limits.append(Limit(f"{by_user} {user}", USER_FACTOR * most, by_user, "user", workers))
    return limits


def check(
    request: HttpRequest, name: str, *, user: str | None = None, client: str | None = None
) -> Verdict:
    """Count this request against every limit of the group that it meets.

    Refused requests are counted nowhere, so that `Retry-After` comes true.

    Args:
        user: named by a token that AVA signed; None where there is none.
        client: who is counted; the client's address by default.
    """
    early: Verdict | None = None if client else request.META.get(_VERDICT)
    if early is not None:
        return early
    try:
        limits = limits_of(name, client=client or clients.network(request), user=user)
        redis = _redis_of(name)
        return _verdict(name, limits, _shared.hit(redis, limits) if redis else _own.hit(limits))
    except Exception:  # Whatever it is: the group says whether requests pass uncounted.
        return _failed(name)


def count_early(request: HttpRequest, name: str, *, user: str | None) -> Verdict:
    """`check` before it is known whether the request is answered at once. A later `check` of the
    same request returns this verdict and counts nothing."""
    verdict: Verdict = check(request, name, user=user)
    request.META[_VERDICT] = verdict
    return verdict


def _hit_all(requests: Sequence[tuple[RedisClient, Sequence[Limit]]]) -> Sequence[list[Usage]]:
    [redis] = {redis for redis, _ in requests}
    return _shared.hit_all(redis, [limits for _, limits in requests])


_batches = Batches(_hit_all)


async def count_in_loop(request: HttpRequest, name: str, *, user: str | None) -> None:
    """`count_early` where that asks Redis, which an event loop must not wait for."""
    redis = _redis_of(name)
    if redis is None:
        return
    try:
        limits = limits_of(name, client=clients.network(request), user=user)
        usages = await _batches.run((redis, limits))
        request.META[_VERDICT] = _verdict(name, limits, usages)
    except Exception:
        request.META[_VERDICT] = _failed(name)


def _redis_of(name: str) -> RedisClient | None:
    return get_client() if settings.REDIS_URL and group_of(name).shared else None


def _failed(name: str) -> Verdict:
    left_out = _failures.left_out(name)
    if left_out is not None:
        log.error("rate limiter failed", group=name, left_out=left_out, exc_info=True)
    return Verdict(problem=LimiterFailed() if group_of(name).when_lost == "closed" else None)


def _verdict(name: str, limits: Sequence[Limit], usages: Sequence[Usage]) -> Verdict:
    counts = tuple(zip(limits, usages, strict=True))
    if all(usage.allowed for usage in usages):
        return Verdict(counts)
    limit, usage = _tightest(counts)
    refused(name, policy=limit.scope)
    return Verdict(counts, RateLimited(retry_after=usage.frees_after))


def refused(group: str, *, policy: str = "client") -> None:
    """Count a refusal in the metrics; for limits that are kept elsewhere, such as the admin's."""
    _refusals.labels(group=group, policy=policy).inc()


def share(limit: int) -> int:
    """Share of a limit for one of this machine's workers while it counts for itself."""
    return max(1, limit // _workers())


def use(own: MemoryWindow) -> MemoryWindow:
    """Keep this process' counts in this window from now on; the one used until now is returned."""
    global _own, _shared
    before, _own = _own, own
    _shared = SharedWindow(WINDOW_SECONDS, own)
    return before


def forget() -> None:
    """Drop every count of this process; Redis keeps its own."""
    _failures.forget()
    use(MemoryWindow(WINDOW_SECONDS))


def _tightest(counts: Sequence[tuple[Limit, Usage]]) -> tuple[Limit, Usage]:
    """The limit that refuses longest; where none refuses, the one with least left."""
    refusing = [count for count in counts if not count[1].allowed]
    if refusing:
        return max(refusing, key=lambda count: count[1].frees_after)
    return min(counts, key=lambda count: count[0].most - count[1].used)


def _workers() -> int:
    workers: int = settings.ENV["WEB_CONCURRENCY"]
    return workers


# A thread of the parent may have held the lock.
os.register_at_fork(after_in_child=forget)
