-- A worker comes back that has been alone: the order it knows, and how long its own circuit would
-- still have been open. The shared circuit takes that over if it is closed and nothing has
-- happened to it since the worker saw it last, or since Redis has forgotten.
-- ARGV: clock, the order's number, force and period, generation seen last, recovery, time left of
-- an open circuit or nothing.
-- Returns {state before if it changed, state, wait, generation, epoch}.
make()
release()
local is_unchanged = c.generation <= tonumber(ARGV[5]) or c.generation == c.epoch
local from = obey(tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]))
local recovery, left = tonumber(ARGV[6]), tonumber(ARGV[7])
if left and is_unchanged and is_idle() then
  from = enter('open', now - recovery + left)
end
save()
return {from, c.state, c.state == 'closed' and 0 or wait_left(recovery), c.generation, c.epoch}
