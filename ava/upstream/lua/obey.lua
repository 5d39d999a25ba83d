-- ARGV: clock, the order's number, force and period.
-- Returns the state before if it changed, else nil.
make()
local from = obey(tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]))
save()
return from
