-- ARGV: clock.
-- Returns the clock and the fields as they are; what they mean now, states.py says.
local fields = {now}
for i, field in ipairs(FIELDS) do fields[i + 1] = c[field] end
return fields
