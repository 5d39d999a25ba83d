-- Nearly every admission: closed, held by nobody, and used so lately that it need not be kept.
do
  local seen = redis.call('HMGET', KEYS[1], 'state', 'forced', 'generation', 'epoch')
  if seen[1] == 'closed' and seen[2] == '' and string.find(seen[3] or '', '^%d+$')
    and string.find(seen[4] or '', '^%d+$')
    and redis.call('PTTL', KEYS[1]) > 12 * 60 * 60 * 1000 then
    return seen[3] .. ' ' .. seen[4]
  end
end

