"""The fleet's copies in Redis: what is kept where, and the scripts that keep it in order.

For each account there is a hash (KEYS[1]) with `born`, when it was made (microseconds), which
everything stored refers to, `tick`, a counter, and for each dropped beginning of keys the tick of
the drop. What refers to another `born`, or is not younger than the last drop that reached it, is
not there: so a Redis that was flushed, or evicted this hash, has lost copies, but never an order.

KEYS[2] is a copy: a hash of `born`, `tick`, `edition`, `at` (microseconds, when its read began)
and `blob`. KEYS[3] is the lease of the one who reads it: `born`, `tick`, `token`.

All keys of an account share one hash tag.
"""

from ava.cache.store import KEEP_SECONDS
from ava.redis import Script

_COMMON = (
    f"local OLDEST = {round(KEEP_SECONDS * 1_000_000)}"
    + """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function whole(number)
  return string.format('%.0f', number)
end

-- The order of this account, and the last drop that reached one of the beginnings in ARGV.
local function order(first)
  local told = redis.call('HMGET', KEYS[1], 'born', unpack(ARGV, first))
  local dropped = 0
  for i = 2, #told do
    dropped = math.max(dropped, tonumber(told[i] or 0))
  end
  return told[1], dropped
end

-- Of what comes from the future, because the clock has gone back, nobody knows the age: it is as
-- old as anything that is kept.
local function age(at)
  local passed = now() - at
  return passed < 0 and OLDEST or passed
end

-- A copy or a lease, unless it is of another order or dropped.
local function standing(key, born, dropped, ...)
  local it = redis.call('HMGET', key, 'born', 'tick', ...)
  if born and it[1] == born and tonumber(it[2]) > dropped then
    return it
  end
end

local function copy(born, dropped)
  return standing(KEYS[2], born, dropped, 'edition', 'at')
end

-- The blob only for who does not know it.
local function tell(it, known)
  local blob = ''
  if it[1] .. ':' .. it[2] ~= known then
    blob = redis.call('HGET', KEYS[2], 'blob')
  end
  return {tonumber(it[2]), tonumber(it[3]), tonumber(it[4]), age(it[4]), blob}
end

-- The next moment in the order, which begins here if there is none.
local function step(born, life)
  if not born then
    born = whole(now())
    -- No tick of this order is one of another.
    redis.call('HSET', KEYS[1], 'born', born, 'tick', born)
  end
  local tick = redis.call('HINCRBY', KEYS[1], 'tick', 1)
  redis.call('PEXPIRE', KEYS[1], life)
  return born, tick
end

local function let_go(token)
  if redis.call('HGET', KEYS[3], 'token') == token then
    redis.call('DEL', KEYS[3])
  end
end
"""
)

LOOK = Script(
    _COMMON
    + """
-- ARGV: known copy, beginnings...
local born, dropped = order(2)
local it = copy(born, dropped)
return {born or '', dropped, it and tell(it, ARGV[1])}
"""
)

MARK = Script(
    _COMMON
    + """
-- ARGV: life
local born, tick = step(redis.call('HGET', KEYS[1], 'born'), ARGV[1])
return {born, tick, now()}
"""
)

CLAIM = Script(
    _COMMON
    + """
-- ARGV: token, life, lease, known copy, edition, fresh for (microseconds), awaited, beginnings...
local born, dropped = order(8)
local it = copy(born, dropped)
if it and tonumber(it[3]) >= tonumber(ARGV[5]) then
  local awaited = tonumber(ARGV[7])
  if age(it[4]) < tonumber(ARGV[6]) or (awaited > 0 and tonumber(it[2]) >= awaited) then
    return {'found', born, tell(it, ARGV[4])}
  end
end
local lease = standing(KEYS[3], born, dropped)
if lease then
  return {'pending', tonumber(lease[2])}
end
local tick
born, tick = step(born, ARGV[2])
redis.call('HSET', KEYS[3], 'born', born, 'tick', tick, 'token', ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return {'lead', born, tick, now()}
"""
)

PUT = Script(
    _COMMON
    + """
-- ARGV: token, life, born, tick, edition, at, blob, beginnings...
let_go(ARGV[1])
local born, dropped = order(8)
local tick, edition = tonumber(ARGV[4]), tonumber(ARGV[5])
if born ~= ARGV[3] or tick <= dropped then
  return
end
local it = copy(born, dropped)
if it then
  local known = tonumber(it[3])
  if known > edition or (known == edition and tonumber(it[2]) > tick) then
    return
  end
end
local left = ARGV[2] - age(ARGV[6]) / 1000
if left < 1 then
  return
end
redis.call('HSET', KEYS[2], 'born', born, 'tick', ARGV[4], 'edition', ARGV[5], 'at', ARGV[6],
  'blob', ARGV[7])
redis.call('PEXPIRE', KEYS[2], whole(left))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
)

DROP = Script(
    _COMMON
    + """
-- ARGV: life, beginning, most drops that are kept apart
local born = redis.call('HGET', KEYS[1], 'born')
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[1])
  born = nil
end
local _, tick = step(born, ARGV[1])
redis.call('HSET', KEYS[1], ARGV[2], tick)
redis.call('DEL', KEYS[2])
"""
)

RELEASE = Script(_COMMON + "let_go(ARGV[1])")

RENEW = Script("""
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
""")
