"""What must happen at once in Redis: scripts that touch one key each, so that any cluster runs them."""

from __future__ import annotations

# Take the lock if nobody holds it: ARGV token, seconds, generation being built ("" for none).
# The holder's token, and the generations that dead holders may have left behind, half built or replaced.
LOCK = """
local now = tonumber(redis.call('TIME')[1])
local holder = redis.call('HGET', KEYS[1], 'lock')
local till = tonumber(redis.call('HGET', KEYS[1], 'lock_until') or '0')
if holder and holder ~= ARGV[1] and till > now then return {holder, ''} end
local left = redis.call('HGET', KEYS[1], 'left') or ''
local building = redis.call('HGET', KEYS[1], 'building')
if building then left = left .. ' ' .. building end
redis.call('HSET', KEYS[1], 'lock', ARGV[1], 'lock_until', now + tonumber(ARGV[2]), 'building', ARGV[3],
  'left', left)
return {ARGV[1], left}
"""

# Hold on to it: ARGV token, seconds. 1 while it is held.
RENEW = """
if redis.call('HGET', KEYS[1], 'lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'lock_until', redis.call('TIME')[1] + tonumber(ARGV[2]))
return 1
"""

# Set fields while the lock is held: ARGV token, field, value, ... 1 if it was.
SET_LOCKED = """
if redis.call('HGET', KEYS[1], 'lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
"""

# Let go: ARGV token. What was built may still be there, unless it answers.
UNLOCK = """
if redis.call('HGET', KEYS[1], 'lock') ~= ARGV[1] then return 1 end
local building = redis.call('HGET', KEYS[1], 'building') or ''
if building ~= '' and building ~= redis.call('HGET', KEYS[1], 'generation') then
  redis.call('HSET', KEYS[1], 'left', (redis.call('HGET', KEYS[1], 'left') or '') .. ' ' .. building)
end
redis.call('HDEL', KEYS[1], 'lock', 'lock_until', 'building')
return 1
"""

# The number of each name: ARGV kind, name, ... A new one gets the next number of its kind.
NUMBERS = """
local out = {}
for i = 2, #ARGV do
  local field = ARGV[1] .. ':' .. ARGV[i]
  local number = redis.call('HGET', KEYS[1], field)
  if not number then
    number = redis.call('HINCRBY', KEYS[1], '#' .. ARGV[1], 1)
    redis.call('HSET', KEYS[1], field, number)
  end
  out[#out + 1] = tonumber(number)
end
return out
"""

# Put entries in their buckets: ARGV length of a bucket's name, of an entry and of its head, then name and
# entry, end to end. An entry with the same head goes. How many buckets that changed.
PUT = """
local named, width, head, changed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), 0
for at = 1, #ARGV[4], named + width do
  local bucket = ARGV[4]:sub(at, at + named - 1)
  local entry = ARGV[4]:sub(at + named, at + named + width - 1)
  local old = redis.call('HGET', KEYS[1], bucket) or ''
  local new = old
  local start = entry:sub(1, head)
  if old:find(start, 1, true) then
    local kept = {}
    for each = 1, #old, width do
      if old:sub(each, each + head - 1) ~= start then kept[#kept + 1] = old:sub(each, each + width - 1) end
    end
    new = table.concat(kept)
  end
  new = new .. entry
  if new ~= old then
    redis.call('HSET', KEYS[1], bucket, new)
    changed = changed + 1
  end
end
return changed
"""

# Change packed events, in the order of ARGV: how (a letter), the event's id (4 bytes) and a record (32), end
# to end. NEW: of an event that is not there; WHOLE: as it stands; SOME: but for a day of 0, which tells
# nothing, and for a traffic light that is there and stricter; LIGHT: nothing but a traffic light, of an event
# that is there; GONE: no record at all.
NEW, WHOLE, SOME, LIGHT, GONE = b"n", b"w", b"s", b"l", b"g"
NO_EVENT = bytes(32)
EVENTS = """
for at = 1, #ARGV[1], 37 do
  local how, field = ARGV[1]:sub(at, at), ARGV[1]:sub(at + 1, at + 4)
  local record = ARGV[1]:sub(at + 5, at + 36)
  local old = redis.call('HGET', KEYS[1], field)
  if how == 'g' then
    redis.call('HDEL', KEYS[1], field)
  elseif old and (how == 's' or how == 'l') then
    local light = string.char(math.max(record:byte(32), old:byte(32)))
    local untold = how == 'l' and 1 or record:sub(30, 31) == '\\0\\0' and 30 or 32
    redis.call('HSET', KEYS[1], field, record:sub(1, untold - 1) .. old:sub(untold, 31) .. light)
  elseif how == 'w' or how == 's' or (how == 'n' and not old) then
    redis.call('HSET', KEYS[1], field, record)
  end
end
"""

# Add what was told of the traffic lights of attributes that stand: ARGV attribute (4 bytes), light (1), end
# to end. It lies behind the hashes of one that changed (8 bytes each), alone where nothing did. Of two lights
# the stricter stays (up to 7), and the doubt (8) of either.
LIGHTS = """
for at = 1, #ARGV[1], 5 do
  local field, light = ARGV[1]:sub(at, at + 3), ARGV[1]:byte(at + 4)
  local old = redis.call('HGET', KEYS[1], field)
  if old ~= '' then
    local hashes = old or ''
    if #hashes % 8 == 1 then
      local before = hashes:byte(-1)
      light = math.max(light % 8, before % 8) + math.max(light - light % 8, before - before % 8)
      hashes = hashes:sub(1, -2)
    end
    redis.call('HSET', KEYS[1], field, hashes .. string.char(light))
  end
end
"""

# How many entries there are of each type: ARGV width of an entry, where in it the type is. Type, count, ...
TYPES = """
local width, place, counts, out = tonumber(ARGV[1]), tonumber(ARGV[2]), {}, {}
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  for at = place, #value, width do
    local type = value:byte(at)
    counts[type] = (counts[type] or 0) + 1
  end
end
for type, count in pairs(counts) do
  out[#out + 1] = type
  out[#out + 1] = count
end
return out
"""

# How many bytes the values of a hash have.
BYTES = """
local sum = 0
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do sum = sum + #value end
return sum
"""
