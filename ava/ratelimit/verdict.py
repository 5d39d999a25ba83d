"""What a check says, and how HTTP says it."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from ava.http.problems import Problem, RateLimited
from ava.ratelimit.policies import WINDOW_SECONDS, Policy
from ava.ratelimit.store import Usage


class LimiterFailed(Problem):
    """A fault of the limiter's own, where nothing may pass uncounted."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "limiter_failed"
    detail = "AVA cannot count requests right now, so it does not take this one. Please try again."


@dataclass(frozen=True)
class Applied:
    """One policy, and its count after the request."""

    policy: Policy
    usage: Usage


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Args:
        applied: every policy that the request met; none where the limiter failed.
        problem: the refusal; None when the request passes.
    """

    applied: tuple[Applied, ...] = ()
    problem: Problem | None = None

    @property
    def allowed(self) -> bool:
        """Whether the request passes."""
        return self.problem is None

    def headers(self) -> dict[str, str]:
        """The headers every counted response carries.

        `RateLimit-Policy` lists all policies, the others tell the tightest. `X-RateLimit-Reset` is
        Unix time, as most APIs that send it mean it; `t` of `RateLimit` is in seconds from now
        (draft-ietf-httpapi-ratelimit-headers-11).
        """
        if not self.applied:
            return {}
        tightest = tightest_of(self.applied)
        usage, name = tightest.usage, tightest.policy.name
        seconds = math.ceil(usage.frees_after)
        policies = [
            f'"{one.policy.name}";q={one.usage.limit};w={WINDOW_SECONDS}' for one in self.applied
        ]
        headers = {
            "X-RateLimit-Limit": str(usage.limit),
            "X-RateLimit-Remaining": str(usage.remaining),
            "X-RateLimit-Reset": str(math.ceil(time.time() + usage.frees_after)),
            "RateLimit-Policy": ", ".join(policies),
            "RateLimit": f'"{name}";r={usage.remaining};t={seconds}',
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, seconds))
        return headers


def judged(applied: Sequence[Applied]) -> Verdict:
    """The verdict when each policy has said what it has."""
    problem = None
    if not all(one.usage.allowed for one in applied):
        problem = RateLimited(retry_after=tightest_of(applied).usage.frees_after)
    return Verdict(tuple(applied), problem)


def tightest_of(applied: Sequence[Applied]) -> Applied:
    """Of the policies that refuse the one that does longest, else the one with least left."""
    refusing = [one for one in applied if not one.usage.allowed]
    if refusing:
        return max(refusing, key=lambda one: one.usage.frees_after)
    return min(applied, key=lambda one: one.usage.remaining)
