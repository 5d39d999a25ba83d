-- ARGV: clock, threshold, successes, the ticket's generation and probe, outcome, who records.
-- Returns {state before, state, reason, generation} of a change, else nil.
local threshold, successes = tonumber(ARGV[2]), tonumber(ARGV[3])
local outcome, from, reason = ARGV[6], false, ''
if c.forced ~= '' or c.generation ~= tonumber(ARGV[4]) then return nil end
if c.state == 'closed' then
  if outcome == 'failure' then
    c.failures = c.failures + 1
    if c.failures >= threshold then
      from, reason = enter('open', now), c.failures .. ' failures in a row'
    end
  elseif outcome == 'success' and c.failures > 0 then
    c.failures = 0
  else
    return nil
  end
else
  if c.probe ~= tonumber(ARGV[5]) or c.lease == 0 then return nil end
  c.lease = 0
  if outcome == 'failure' then
    c.failures = c.failures + 1
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
return {from, c.state, reason, c.generation}
