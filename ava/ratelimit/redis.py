"""The sliding log kept in Redis, for all of AVA's processes together."""

from collections.abc import Callable, Sequence

from ava.ratelimit.store import Hit, Usage
from ava.redis import RedisClient, Script

# One hash tag: a call's keys lie together on a Redis Cluster.
PREFIX = "ava:{ratelimit}:"
_MICROSECONDS = 1_000_000

# A list of times for each key, in microseconds of Redis' own clock. That clock may be set back, or
# be another machine's after a failover: what then lies in the future is taken to be of now, which
# never lets more through, and holds nobody up for longer than a window.
_HIT = Script("""
local window, now = tonumber(ARGV[1]), tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local stamp = string.format('%.0f', now)
local fits, all = {}, true
for i, key in ipairs(KEYS) do
  local last = -1
  while tonumber(redis.call('LINDEX', key, last) or 0) > now do
    redis.call('LSET', key, last, stamp)
    last = last - 1
  end
  while tonumber(redis.call('LINDEX', key, 0) or now) <= now - window do
    redis.call('LPOP', key)
  end
  fits[i] = redis.call('LLEN', key) < tonumber(ARGV[2 + i])
  all = all and fits[i]
end
local told = {}
for i, key in ipairs(KEYS) do
  if all then
    redis.call('RPUSH', key, stamp)
    redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1000)
  end
  local used = redis.call('LLEN', key)
  -- After the limit was lowered, more than one hit has to leave first.
  local frees = redis.call('LINDEX', key, math.max(0, used - tonumber(ARGV[2 + i])))
  told[i] = {fits[i] and 1 or 0, used, frees and frees + window - now or 0}
end
return told
""")


class RedisStore:
    """A log of the times of the counted hits of each key, exact to the microsecond.

    Redis forgets a key a window after its last hit. Nothing is kept here: make one where it is
    needed.

    Args:
        window: seconds.
        clock: microseconds, instead of Redis' own; for tests.
    """

    def __init__(
        self, link: RedisClient, *, window: int, clock: Callable[[], int | str] = lambda: ""
    ) -> None:
        self._link = link
        self._window = window * _MICROSECONDS
        self._clock = clock

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        """As `Store.hit`, in one round trip.

        Raises:
            RedisUnavailable: Redis is out of reach; whether the hits were counted is not known.
        """
        told = self._link.run(
            _HIT,
            [PREFIX + hit.key for hit in hits],
            [self._window, self._clock(), *(hit.limit for hit in hits)],
        )
        return [
            Usage(bool(allowed), hit.limit, used, frees / _MICROSECONDS)
            for hit, (allowed, used, frees) in zip(hits, told, strict=True)
        ]
