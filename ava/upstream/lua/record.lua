-- ARGV: clock, threshold, successes, the ticket's generation and probe, outcome, who records, the
-- ticket's tenant.
-- Returns {state before, state, reason, generation, the one tenant it is not closed to} of a change,
-- else nil.
local threshold, successes = tonumber(ARGV[2]), tonumber(ARGV[3])
local probe, outcome, tenant = tonumber(ARGV[5]), ARGV[6], ARGV[8]
local from, reason = false, ''
if c.forced ~= '' or c.generation ~= tonumber(ARGV[4]) then return nil end
if c.state == 'closed' then
  if outcome == 'failure' then
    if c.failures == 0 then c.only, c.others = tenant, 0 end
    if tenant == '' or tenant ~= c.only then c.others = c.others + 1 end
    c.failures = c.failures + 1
    if c.failures >= threshold then
      if c.others > 0 then c.only, c.others = '', threshold end
      from, reason = enter('open', now), c.failures .. ' failures in a row'
    end
  elseif outcome == 'success' and c.failures > 0 then
    c.failures, c.others, c.only = 0, 0, ''
  else
    return nil
  end
elseif probe == 0 and lets_by(threshold, tenant) then
  if outcome == 'failure' then
    c.others = c.others + 1
    if c.others >= threshold then
      from, reason = enter('open', now), c.others .. ' failures of others in a row'
    end
  elseif outcome == 'success' and c.others > 0 then
    c.others = 0
  else
    return nil
  end
else
  if c.probe ~= probe or c.lease == 0 then return nil end
  c.lease = 0
  if outcome == 'failure' then
    c.failures, c.only = c.failures + 1, tenant
    from, reason = enter('open', now), 'the probe failed'
  elseif outcome == 'success' then
    c.failures, c.successes = 0, c.successes + 1
    if c.successes >= successes then
      reason = c.successes .. ' probes succeeded'
      from = enter('closed')
    end
  end
end
save()
if not from then return nil end
sign(ARGV[7], from, reason)
return {from, c.state, reason, c.generation, not is_for_all(threshold) and c.only or ''}
