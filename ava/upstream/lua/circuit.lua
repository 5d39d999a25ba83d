-- The steps of states.py, made atomic by Redis. Every script begins with this text.
--
-- A circuit is one hash. Times and durations are whole microseconds on Redis' own clock; a duration
-- of 0 is none. What is no circuit, whoever wrote it, is none. ARGV[1] is empty, except in tests, which bring a clock of their own.
--
-- What the hash has beyond a Circuit of states.py:
-- * generation grows to the time at which it began. So it never repeats, not even when Redis
--   forgets everything, or when a replica takes over that has missed the last change.
-- * epoch is when the circuit was made. A worker that sees another epoch than before knows that
--   Redis has forgotten. While it equals the generation, nothing has happened since.
-- * by, was, reason, signed: who made the change of state that began generation `signed`, and what
--   it was, for a worker that never got its answer.
--
-- Numbers are doubles, exact up to 2^53: microseconds since 1970 reach that in the year 2255.

local PROBE_RETRY_AFTER = 1000000
local RECOVERED = 'recovery time is over'
-- A closed circuit that nobody holds is kept so many milliseconds without a call; any other is
-- kept until it is closed.
local IDLE_MS = 24 * 60 * 60 * 1000

local FIELDS = {'state', 'forced', 'forced_for', 'order', 'generation', 'epoch', 'failures',
  'successes', 'opened_at', 'probe', 'lease', 'forced_at', 'leased_at', 'others', 'only'}
-- The last two are younger than some circuits, which do not have them.
local STATES = {closed = true, half_open = true, open = true}
local FORCES = {[''] = true, open = true, closed = true}

local key, now = KEYS[1], tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local c, stored = {}, redis.call('HMGET', key, unpack(FIELDS))
local is_circuit = STATES[stored[1]] and FORCES[stored[2]]
stored[#FIELDS - 1], stored[#FIELDS] = stored[#FIELDS - 1] or 0, stored[#FIELDS] or ''
for i = 3, #FIELDS - 1 do
  local number = tonumber(stored[i])
  is_circuit = is_circuit and number and number >= 0 and number <= 2^53
end
for i, field in ipairs(FIELDS) do
  c[field] = is_circuit and (i > 2 and i < #FIELDS and tonumber(stored[i]) or stored[i]) or 0
end
if not is_circuit then c.only = '' end

-- Make the circuit if there is none; whether that was so.
local function make()
  if c.generation > 0 then return false end
  c.state, c.forced, c.generation, c.epoch = 'closed', '', now, now
  return true
end

local function is_idle()
  return c.state == 'closed' and c.forced == ''
end

local function save()
  local flat = {}
  for _, field in ipairs(FIELDS) do
    flat[#flat + 1] = field
    flat[#flat + 1] = c[field]
  end
  redis.call('HSET', key, unpack(flat))
  if is_idle() then
    redis.call('PEXPIRE', key, IDLE_MS)
  else
    redis.call('PERSIST', key)
  end
end

-- Begin a generation in this state; returns the state before, false if it is the same.
local function enter(to, at)
  local from = c.state
  c.state, c.successes, c.lease = to, 0, 0
  c.generation = math.max(c.generation + 1, now)
  if to == 'closed' then c.failures, c.others, c.only = 0, 0, '' end
  if to == 'open' then c.opened_at = at end
  return from ~= to and from
end

-- Keep what a change was. Only rejoin.lua reads it.
local function sign(by, was, reason)
  redis.call('HSET', key, 'by', by, 'was', was, 'reason', reason, 'signed', c.generation)
end

local function let_go()
  if c.forced == '' then return end
  c.forced, c.forced_for = '', 0
  enter(c.state, c.opened_at)
end

-- Let begin now what is still to come, and end a force whose time is over; whether there was any.
local function release()
  local is_back = math.max(c.opened_at, c.forced_at, c.leased_at) > now
  c.opened_at, c.forced_at = math.min(c.opened_at, now), math.min(c.forced_at, now)
  c.leased_at = math.min(c.leased_at, now)
  if c.forced_for == 0 or now < c.forced_at + c.forced_for then return is_back end
  let_go()
  return true
end

local function is_for_all(threshold)
  return c.only == '' or c.others >= threshold
end

-- Whether a tenant passes as a bystander of somebody else's outage.
local function lets_by(threshold, tenant)
  return c.forced == '' and not is_for_all(threshold) and tenant ~= c.only
end

-- `is_last`: for the tenant that leaves the probing to others.
local function wait_left(recovery, is_last)
  if c.forced ~= '' then
    return c.forced_for == 0 and recovery or c.forced_at + c.forced_for - now
  end
  local wait = math.max(0, c.opened_at + recovery * (is_last and 2 or 1) - now)
  if c.state == 'open' or is_last and wait > 0 then return wait end
  return now < c.leased_at + c.lease and PROBE_RETRY_AFTER or 0
end

-- `period` is how long the force holds, nil for no end; returns the state before, false if it is
-- the same.
local function obey(number, forced, period)
  if number <= c.order then return false end
  c.order = number
  if period and period <= 0 then
    let_go()
    return false
  end
  c.forced, c.forced_at, c.forced_for = forced, now, forced ~= '' and period or 0
  c.only, c.others = '', 0
  return enter(forced == '' and 'closed' or forced, now)
end

