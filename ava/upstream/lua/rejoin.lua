-- A worker comes back that has been alone. It brings the order it knows, and how long its own
-- circuit would still have been open. The shared circuit takes that over if it is closed and
-- nothing has happened to it since the worker saw it last, or since Redis has forgotten. And it
-- learns of a change that it made without getting the answer.
-- ARGV: clock, the order's number, force and period, generation seen last, recovery, time left of
-- an open circuit or nothing, who comes back, threshold, the one tenant that circuit is open to.
-- Returns {state, wait, generation, epoch, state before if this changed it, state before and
-- reason of the change it does not know of, the one tenant the circuit is not closed to}.
make()
release()
local seen, recovery, left = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local owed = redis.call('HMGET', key, 'by', 'was', 'reason', 'signed')
if owed[1] ~= ARGV[8] or tonumber(owed[4]) ~= c.generation or c.generation <= seen then
  owed = {false, false, false}
end
local before = c.state
local is_unchanged = c.generation <= seen or c.generation == c.epoch
obey(tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]))
local threshold, only = tonumber(ARGV[9]), ARGV[10]
if left and is_unchanged and is_idle() then
  c.only, c.others = only, only == '' and threshold or 0
  enter('open', now - recovery + left)
end
save()
local wait = c.state == 'closed' and 0 or wait_left(recovery)
return {c.state, wait, c.generation, c.epoch, before ~= c.state and before, owed[2], owed[3],
  c.state ~= 'closed' and not is_for_all(threshold) and c.only or ''}
