-- ARGV: clock, recovery, lease, who asks.
-- Returns {passed, probe or wait, state, generation, epoch, state before if it changed}; where the
-- circuit is closed and nothing was to be done, "generation epoch".
local recovery, lease = tonumber(ARGV[2]), tonumber(ARGV[3])
local is_new, is_released = make(), release()
local dirty, passed, number, from = is_new or is_released, 1, 0, false
if c.state ~= 'closed' then
  number = wait_left(recovery)
  if c.forced ~= '' or number > 0 then
    passed = 0
  else
    if c.state == 'open' then from = enter('half_open') end
    c.probe, c.leased_at, c.lease, dirty = c.probe + 1, now, lease, true
    number = c.probe
  end
end
if dirty then
  save()
  if from then sign(ARGV[4], from, RECOVERED) end
elseif is_idle() and redis.call('PTTL', key) < IDLE_MS / 2 then
  redis.call('PEXPIRE', key, IDLE_MS)
end
return {passed, number, c.state, c.generation, c.epoch, from}
