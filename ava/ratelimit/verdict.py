"""Rate limit verdict: whether a request passes, and the headers that say so."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ava.http.problems import Problem, RateLimited
from ava.ratelimit.policies import WINDOW_SECONDS
from ava.ratelimit.window import Limit, Usage


class LimiterFailed(Problem):
    """A fault of the limiter's own, where nothing may pass uncounted."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "limiter_failed"
    detail = "AVA cannot count requests right now, so it does not take this one. Please try again."


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Args:
        counts: every limit that the request met, and what is used of it; none where the limiter
            failed.
        problem: the refusal; None when the request passes.
    """

    counts: Sequence[tuple[Limit, Usage]] = ()
    problem: Problem | None = None

    @property
    def allowed(self) -> bool:
        """Whether the request passes."""
        return self.problem is None

    @property
    def tightest(self) -> tuple[Limit, Usage]:
        """Of the limits that refuse the one that does longest, else the one with least left."""
        refusing = [count for count in self.counts if not count[1].allowed]
        if refusing:
            return max(refusing, key=lambda count: count[1].frees_after)
        return min(self.counts, key=lambda count: count[0].most - count[1].used)

    def headers(self) -> dict[str, str]:
        """The headers every counted response carries.

        `RateLimit-Policy` lists all limits, the others tell the tightest. `X-RateLimit-Reset` is
        Unix time, as most APIs that send it mean it; `t` of `RateLimit` is in seconds from now
        (draft-ietf-httpapi-ratelimit-headers-11).
        """
        if not self.counts:
            return {}
        limit, usage = self.tightest
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
        if not self.allowed:
            headers["Retry-After"] = str(max(1, seconds))
        return headers


def judge(limits: Sequence[Limit], usages: Sequence[Usage]) -> Verdict:
    """The verdict when each limit has said what it has."""
    verdict = Verdict(tuple(zip(limits, usages, strict=True)))
    if all(usage.allowed for usage in usages):
        return verdict
    return Verdict(verdict.counts, RateLimited(retry_after=verdict.tightest[1].frees_after))
