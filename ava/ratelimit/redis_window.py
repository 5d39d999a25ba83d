"""Moving window in Redis, for all of AVA's processes, and the share of each while Redis is lost."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from ava.cache import recent
from ava.ratelimit.window import SECOND, Limit, MemoryWindow, Usage
from ava.redis import RedisClient, RedisUnavailable, Script

# One hash tag: a request's keys lie together on a Redis Cluster.
PREFIX = "ava:{ratelimit}:"
_MICROSECONDS = 1_000_000
_CAPACITY = 50_000

# A list of times for each key, in microseconds of Redis' own clock. That clock may be set back, or
# be another machine's after a failover: a time in the future is taken to be now, which never lets
# more through, and delays by a window at most.
_HIT = Script("""
local window, now = tonumber(ARGV[1]), tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local stamp = string.format('%.0f', now)
local changed = redis.call('GET', table.remove(KEYS))
local function hit(keys, mosts)
  local fits, all = {}, true
  for i, key in ipairs(keys) do
    local last = -1
    while tonumber(redis.call('LINDEX', key, last) or 0) > now do
      redis.call('LSET', key, last, stamp)
      last = last - 1
    end
    while tonumber(redis.call('LINDEX', key, 0) or now) <= now - window do
      redis.call('LPOP', key)
    end
    fits[i] = redis.call('LLEN', key) < mosts[i]
    all = all and fits[i]
  end
  local usages = {}
  for i, key in ipairs(keys) do
    if all then
      redis.call('RPUSH', key, stamp)
      redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1000)
    end
    local used = redis.call('LLEN', key)
    -- After the limit was lowered, more than one hit has to leave first.
    local frees = redis.call('LINDEX', key, math.max(0, used - mosts[i]))
    usages[i] = {fits[i] and 1 or 0, used, frees and frees + window - now or 0}
  end
  return usages
end
local answers, done, argument = {}, 0, 3
while argument <= #ARGV do
  local keys, mosts = {}, {}
  for i = 1, tonumber(ARGV[argument]) do
    keys[i], mosts[i] = KEYS[done + i], tonumber(ARGV[argument + i])
  end
  answers[#answers + 1] = hit(keys, mosts)
  done, argument = done + #keys, argument + #keys + 1
end
return {answers, changed}
""")


class SharedWindow:
    """Counts of all processes, exact to the microsecond; those of this one while Redis is lost.

    Args:
        seconds: of the window.
        own: what this process lets pass while Redis is lost.
        clock: as `own` has it.
        redis_clock: microseconds instead of Redis' own clock, for tests.
    """

    def __init__(
        self,
        seconds: int,
        own: MemoryWindow,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        redis_clock: Callable[[], int | str] = lambda: "",
    ) -> None:
        self._seconds = seconds
        self._own = own
        self._clock = clock
        self._redis_clock = redis_clock
        # What was left of the limits that workers share, and when; asked longest ago first.
        self._left: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, client: RedisClient, limits: Sequence[Limit]) -> list[Usage]:
        """Like `MemoryWindow.hit`, in one round trip, which brings the mark of changes, too."""
        [usages] = self.hit_all(client, [limits])
        return usages

    def hit_all(
        self, client: RedisClient, requests: Sequence[Sequence[Limit]]
    ) -> list[list[Usage]]:
        """`hit` for each of these requests, in one round trip for all."""
        keys = [PREFIX + limit.key for limits in requests for limit in limits]
        arguments: list[int | str] = [self._seconds * _MICROSECONDS, self._redis_clock()]
        for limits in requests:
            arguments += [len(limits), *(limit.most for limit in limits)]
        try:
            answers, mark = client.run(_HIT, [*keys, recent.MARK], arguments)
        except RedisUnavailable:
            return [self._hit_alone(limits) for limits in requests]
        recent.compare(mark)
        return [
            self._read(limits, answer) for limits, answer in zip(requests, answers, strict=True)
        ]

    def _read(self, limits: Sequence[Limit], answer: list[list[int]]) -> list[Usage]:
        usages = [Usage(bool(fits), used, frees / _MICROSECONDS) for fits, used, frees in answer]
        for limit, usage in zip(limits, usages, strict=True):
            if limit.workers:
                self._remember(limit.key, limit.most - usage.used)
        return usages

    def _remember(self, key: str, left: int) -> None:
        with self._lock:
            self._left[key] = left, self._clock()
            self._left.move_to_end(key)
            if len(self._left) > _CAPACITY:
                self._left.popitem(last=False)

    def _hit_alone(self, limits: Sequence[Limit]) -> list[Usage]:
        shares = [self._share(limit) for limit in limits]
        usages = self._own.hit(
            [replace(limit, most=most) for limit, (most, _) in zip(limits, shares, strict=True)]
        )
        return [
            Usage(usage.allowed, limit.most - most + usage.used, max(usage.frees_after, wait))
            for limit, usage, (most, wait) in zip(limits, usages, shares, strict=True)
        ]

    def _share(self, limit: Limit) -> tuple[int, float]:
        """Share of this process alone, and seconds until it changes.

        Of a limit that workers share it is a share of what was left when Redis was last asked. A
        window later that is over, as no process knows of other hits than its own: then it is a
        share of the whole.
        """
        if limit.workers is None:
            return limit.most, 0.0
        left, asked = self._left.get(limit.key, (0, 0))
        wait = asked / SECOND + self._seconds - self._clock() / SECOND if asked else 0.0
        if wait <= 0:
            return max(1, limit.most // limit.workers), 0.0
        return max(0, left) // limit.workers, wait
