-- ARGV: clock, state to enter.
-- Returns the state before if it changed, else nil.
make()
release()
local from = false
if c.forced == '' then
  c.only, c.others = '', 0
  from = enter(ARGV[2], now)
end
save()
return from
