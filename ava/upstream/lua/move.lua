-- ARGV: clock, state to enter.
-- Returns the state before if it changed, else nil.
make()
release()
local from = c.forced == '' and enter(ARGV[2], now)
save()
return from
