"""What a check says, and how HTTP says it."""

import math
import time
from dataclasses import dataclass

from ava.ratelimit.policies import WINDOW_SECONDS


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Args:
        limit: requests that the client has in any 60 seconds.
        remaining: requests that would pass right now.
        reset_after: seconds until the oldest counted request leaves the window, which gives the
            next one back.
        retry_after: the same seconds when the request is refused, else 0.
    """

    group: str
    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float

    def headers(self) -> dict[str, str]:
        """The headers every counted response carries.

        `X-RateLimit-Reset` is Unix time, as most APIs that send it mean it; `t` of `RateLimit` is
        in seconds from now (draft-ietf-httpapi-ratelimit-headers-11).
        """
        seconds = math.ceil(self.reset_after)
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(time.time() + self.reset_after)),
            "RateLimit-Policy": f'"{self.group}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.group}";r={self.remaining};t={seconds}',
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, seconds))
        return headers
