-- ARGV: clock, recovery, lease, who asks, threshold, the tenant.
-- Returns {passed, probe or wait, state, generation, epoch, state before if it changed, wait of
-- everybody, the one tenant it is not closed to}; where the circuit is closed and nothing was to be
-- done, "generation epoch".
local recovery, lease, threshold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local tenant = ARGV[6]
local is_new, is_released = make(), release()
local dirty, passed, number, from, wait = is_new or is_released, 1, 0, false, 0
if c.state ~= 'closed' then
  local is_last = tenant ~= '' and tenant == c.only and is_for_all(threshold)
  wait = wait_left(recovery)
  if not lets_by(threshold, tenant) then
    number = is_last and wait_left(recovery, true) or wait
    if c.forced ~= '' or number > 0 then
      passed = 0
    else
      if c.state == 'open' then from = enter('half_open') end
      c.probe, c.leased_at, c.lease, dirty = c.probe + 1, now, lease, true
      number = c.probe
    end
  end
end
if dirty then
  save()
  if from then sign(ARGV[4], from, RECOVERED) end
elseif is_idle() and redis.call('PTTL', key) < IDLE_MS / 2 then
  redis.call('PEXPIRE', key, IDLE_MS)
end
local only = c.state ~= 'closed' and not is_for_all(threshold) and c.only or ''
return {passed, number, c.state, c.generation, c.epoch, from, wait, only}
