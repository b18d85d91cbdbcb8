"""A log in Redis, for several processes and machines."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from .entry import Record, decode_record, encode_record
from .log import LEASE, EventLog
from .position import Bounds, Position
from .tail import Tail

logger = logging.getLogger("trine.replay")

_AT_ONCE = 500
"""Events that are read in one go."""
_PATIENCE = 1.0
"""Seconds between attempts to listen again."""

# One clock for all: that of Redis. Events are a Redis stream whose ids are ours, life and number; a field has the record.
_APPEND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local id
if #newest == 0 then
    id = string.format('%.0f-1', now)
else
    local life, number = string.match(newest[1][1], '(%d+)-(%d+)')
    id = life .. string.format('-%.0f', number + 1)
end
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], id, 'record', ARGV[1], 'at', string.format('%.0f', now))
local old = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 50)
local first
for index, entry in ipairs(old) do
    if now - entry[2][4] <= ARGV[3] * 1 then
        first = entry[1]
        break
    end
    first = old[index + 1] and old[index + 1][1]
end
if first and first ~= old[1][1] then
    redis.call('XTRIM', KEYS[1], 'MINID', first)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[1])
return id
"""
_CLAIM = """
if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
end
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #newest > 0 and newest[1][2][2] == ARGV[2] then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
return 1
"""


class RedisEventLog(EventLog):
    """Keeps events in Redis 7 or newer: a client that comes back may reach another process. One connection listens for all."""

    def __init__(
        self, url: str = "redis://localhost", *, prefix: str = "trine:events:", max_events: int = 10_000, max_age: float = 3600.0
    ) -> None:
        super().__init__(max_events=max_events, max_age=max_age)
        self.url = url
        self.prefix = prefix
        # Any: redis-py's hints say of every call that it may also be a synchronous one.
        self._redis: Any = None
        self._pubsub: Any = None
        self._listener: asyncio.Task[None] | None = None
        self._heard: dict[str, asyncio.Event] = {}
        """Set once Redis has said that it tells of a stream's events."""

    async def close(self) -> None:
        """End what is still being recorded, and the connections."""
        await super().close()
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        if self._pubsub is not None:
            await self._pubsub.aclose()
        if self._redis is not None:
            await self._redis.aclose()
        self._redis = self._pubsub = self._listener = None
        self._heard.clear()

    @property
    def redis(self) -> Any:
        """The connections, made on first use."""
        if self._redis is None:
            try:
                from redis.asyncio import Redis
            except ModuleNotFoundError as error:
                message = 'RedisEventLog needs redis. Install it with: pip install "trine[redis]"'
                raise ModuleNotFoundError(message, name="redis") from error
            self._redis = Redis.from_url(self.url)
        return self._redis

    def _new_tail(self, stream: str) -> Tail:
        return Tail()

    def _key(self, stream: str) -> str:
        return self.prefix + stream

    async def _append(self, stream: str, record: Record) -> Position:
        arguments = [encode_record(record), self.max_events, int(self.max_age * 1000)]
        return _position(await self._call(_APPEND, [self._key(stream)], arguments))

    async def _call(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        return await self.redis.register_script(script)(keys=keys, args=arguments)

    async def _bounds(self, stream: str) -> Bounds | None:
        key = self._key(stream)
        async with self.redis.pipeline() as pipe:
            first, last = await pipe.xrange(key, count=1).xrevrange(key, count=1).execute()
        if not first:
            return None
        oldest, newest = _position(first[0][0]), _position(last[0][0])
        return Bounds(oldest.life, oldest.number, newest.number)

    async def _read(self, stream: str, position: Position) -> list[Record]:
        found = await self.redis.xrange(self._key(stream), min=f"({position}", count=_AT_ONCE)
        return [decode_record(fields[b"record"]) for _, fields in found]

    # Listening --------------------------------------------------------------------------------------------------

    async def _listen(self, stream: str) -> None:
        key = self._key(stream)
        heard = self._heard.get(key)
        if heard is None:
            heard = self._heard[key] = asyncio.Event()
            if self._pubsub is None:
                self._pubsub = self.redis.pubsub()
            await self._pubsub.subscribe(key)
            if self._listener is None:
                self._listener = asyncio.create_task(self._hear(self._pubsub), name="listen to Redis")
        await heard.wait()

    async def _leave(self, stream: str) -> None:
        key = self._key(stream)
        del self._tails[stream]
        if self._heard.pop(key, None) is not None and self._pubsub is not None:
            await self._pubsub.unsubscribe(key)

    async def _hear(self, pubsub: Any) -> None:
        from redis.exceptions import RedisError

        while True:
            try:
                message = await pubsub.get_message(timeout=None)
            except (RedisError, OSError):
                logger.warning("The connection that listens to Redis broke; trying again.")
                await asyncio.sleep(_PATIENCE)
            else:
                self._take(message)

    def _take(self, message: Any) -> None:
        if message is None:
            return
        key = message["channel"].decode()
        tail = self._tails.get(key[len(self.prefix) :])
        if tail is None:
            return
        if message["type"] == "subscribe":
            # After a broken connection too: what came meanwhile is read anew.
            tail.restart()
            self._heard[key].set()
        elif message["type"] == "message":
            position, _, record = message["data"].partition(b" ")
            tail.add(_position(position), decode_record(record))

    # Recording --------------------------------------------------------------------------------------------------

    async def _claim(self, stream: str) -> bool:
        arguments = [int(LEASE * 1000), encode_record(Record(is_end=True))]
        return bool(await self._call(_CLAIM, [self._key(stream), self._owner(stream)], arguments))

    def _owner(self, stream: str) -> str:
        return f"{self._key(stream)}:recorder"

    async def _renew(self, stream: str) -> None:
        await self.redis.pexpire(self._owner(stream), int(LEASE * 1000))

    async def _is_recorded(self, stream: str) -> bool:
        return bool(await self.redis.exists(self._owner(stream)))

    async def _release(self, stream: str) -> None:
        await self.redis.delete(self._owner(stream))


def _position(raw: bytes) -> Position:
    life, _, number = raw.partition(b"-")
    return Position(int(life), int(number))
