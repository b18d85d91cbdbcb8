"""What Redis does in one step, so that processes do not come between each other. Each is Lua, run inside Redis.

A group's members are three hashes and sets: `stays` scores each stay with the time until which it counts, `names` says whose
stay it is, `infos` what each member says about itself and how many stays it has. Redis's own clock decides.
"""

SEND = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', 'm', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[1])
return id
"""

# Changes of members are kept for a while too: a process that lost its connection hears of them later.
_COMMON = """
local stays, names, infos, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local seconds = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function tell(name, info, is_here)
  local text = '{"member":' .. cjson.encode(name) .. ',"is_here":' .. tostring(is_here) .. ',"info":' .. info .. '}'
  local id = redis.call('XADD', changes, 'MAXLEN', 1000, '*', 'm', text)
  redis.call('EXPIRE', changes, math.ceil(seconds * 10))
  redis.call('PUBLISH', changes, id .. ' ' .. text)
end

local function come(stay, name, info)
  redis.call('ZADD', stays, now + seconds, stay)
  if redis.call('HSETNX', names, stay, name) == 1 then
    if redis.call('HINCRBY', infos, 'n:' .. name, 1) == 1 then
      tell(name, info, true)
    end
  end
  redis.call('HSET', infos, 'i:' .. name, info)
  for _, key in ipairs({stays, names, infos}) do
    redis.call('EXPIRE', key, math.ceil(seconds * 10))
  end
end

local function go(stay)
  redis.call('ZREM', stays, stay)
  local name = redis.call('HGET', names, stay)
  if name then
    redis.call('HDEL', names, stay)
    if redis.call('HINCRBY', infos, 'n:' .. name, -1) < 1 then
      local info = redis.call('HGET', infos, 'i:' .. name) or 'null'
      redis.call('HDEL', infos, 'n:' .. name, 'i:' .. name)
      tell(name, info, false)
    end
  end
end

local function forget_the_dead()
  for _, stay in ipairs(redis.call('ZRANGEBYSCORE', stays, '-inf', now)) do
    go(stay)
  end
end
"""

JOIN = f"""{_COMMON}
forget_the_dead()
come(ARGV[2], ARGV[3], ARGV[4])
"""

LEAVE = f"""{_COMMON}
go(ARGV[2])
forget_the_dead()
"""

KEEP = f"""{_COMMON}
for at = 2, #ARGV, 3 do
  come(ARGV[at], ARGV[at + 1], ARGV[at + 2])
end
forget_the_dead()
"""

MEMBERS = f"""{_COMMON}
forget_the_dead()
local found = {{}}
local flat = redis.call('HGETALL', infos)
for at = 1, #flat, 2 do
  if string.sub(flat[at], 1, 2) == 'i:' then
    found[#found + 1] = string.sub(flat[at], 3)
    found[#found + 1] = flat[at + 1]
  end
end
return found
"""
