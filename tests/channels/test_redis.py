"""Redis that goes away and comes back."""

import asyncio

import pytest
from redis.asyncio import Redis

from trine.channels import ChannelsUnavailable


async def test_nothing_is_missed_while_the_connection_is_lost(redis_channels, redis_url, caplog):
    channels = redis_channels()
    group = channels.group("news")
    admin = Redis.from_url(redis_url)
    async with group.subscribe() as news:
        await group.send(0)
        assert await anext(news) == 0
        assert await admin.client_kill_filter(_type="pubsub") > 0
        for number in (1, 2, 3):
            await group.send(number)
        assert [await anext(news) for _ in range(3)] == [1, 2, 3]
        await group.send(4)
        assert await anext(news) == 4
    assert "Channels lost Redis at" in caplog.text
    await admin.aclose()
    await channels.aclose()


async def test_two_processes_share_a_group(redis_channels):
    here, there = redis_channels(), redis_channels()
    async with here.group("news").subscribe() as news, there.group("news").subscribe() as other:
        await there.group("news").send("from there")
        await here.group("news").send("from here")
        for listener in (news, other):
            assert [await anext(listener) for _ in range(2)] == ["from there", "from here"]
    await here.aclose()
    await there.aclose()


async def test_redis_that_is_not_there_is_told_soon(redis_channels):
    from trine.channels import Channels

    channels = Channels("redis://user:secret@127.0.0.1:1/0", timeout=0.2)
    group = channels.group("news")
    with pytest.raises(
        ChannelsUnavailable, match=r"Redis at 127\.0\.0\.1:1 does not answer within 0\.2 seconds: cannot send to it"
    ):
        await group.send(1)
    with pytest.raises(ChannelsUnavailable, match="cannot listen to it"):
        await anext(group.subscribe())
    with pytest.raises(ChannelsUnavailable, match="cannot join it"):
        async with group.join("ada"):
            pass
    await channels.aclose()


async def test_many_listeners_come_and_go_at_once(redis_channels):
    channels = redis_channels()

    async def listen(number: int) -> list[int]:
        group = channels.group(f"room {number % 5}")
        async with group.subscribe(history=1) as room:
            await group.send(number)
            return [await anext(room)]

    heard = await asyncio.gather(*(listen(number) for number in range(100)))
    assert all(heard)
    await channels.aclose()
