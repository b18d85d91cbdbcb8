"""PostgreSQL that goes away and comes back, messages that are longer than a notification, members whose process dies."""

import asyncio

import asyncpg
import pytest

from trine.channels import Channels, ChannelsUnavailable, MemberChange


async def test_two_processes_share_a_group(postgresql_channels):
    here, there = postgresql_channels(), postgresql_channels()
    async with here.group("news").subscribe() as news, there.group("news").subscribe() as other:
        await there.group("news").send("from there")
        await here.group("news").send("from here")
        for listener in (news, other):
            assert [await anext(listener) for _ in range(2)] == ["from there", "from here"]
    await here.aclose()
    await there.aclose()


async def test_messages_longer_than_a_notification_arrive_in_their_order(postgresql_channels):
    channels = postgresql_channels()
    group = channels.group("news", history=1)
    texts = ["a" * 7000, "b" * 7899, "c" * 7900, "é" * 3960, "d" * 300_000, "e", "f" * 100_000]
    async with group.subscribe() as news:
        for text in texts:
            await group.send(text)
        assert [await anext(news) for _ in texts] == texts
    async with group.subscribe(history=10) as late:
        assert await anext(late) == texts[-1]
        await group.send("end")
        assert await anext(late) == "end"
    await channels.aclose()


async def test_messages_of_many_senders_have_one_order_for_all(postgresql_channels):
    processes = [postgresql_channels() for _ in range(3)]
    groups = [process.group("news") for process in processes]
    async with groups[0].subscribe() as one, groups[1].subscribe() as two:
        await asyncio.gather(*(group.send(number) for number in range(20) for group in groups))
        heard = [await anext(one) for _ in range(60)]
        assert heard == [await anext(two) for _ in range(60)]
    kept = groups[2].subscribe(history=100)
    assert heard == [await anext(kept) for _ in range(60)]
    await kept.aclose()
    for process in processes:
        await process.aclose()


async def test_nothing_is_missed_while_the_connection_is_lost(postgresql_channels, postgresql_url, caplog):
    channels = postgresql_channels()
    group = channels.group("news")
    admin = await asyncpg.connect(postgresql_url)
    async with group.subscribe() as news:
        await group.send(0)
        assert await anext(news) == 0
        assert await admin.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        for number in (1, 2, 3):
            await group.send(number)
        assert [await anext(news) for _ in range(3)] == [1, 2, 3]
        await group.send(4)
        assert await anext(news) == 4
    assert "Channels lost PostgreSQL at" in caplog.text
    await admin.close()
    await channels.aclose()


async def test_members_of_a_process_that_dies_leave(postgresql_channels, postgresql_url):
    here, there = postgresql_channels(presence_seconds=0.15), postgresql_channels()
    async with here.group("room").member_changes() as changes, here.group("room").join("bob"):
        async with there.group("room").join("ada"):
            assert await here.group("room").members() == {"bob": None, "ada": None}
            await there.aclose()
        assert [await anext(changes) for _ in range(3)] == [
            MemberChange("bob", None, True),
            MemberChange("ada", None, True),
            MemberChange("ada", None, False),
        ]
        # One that says no good-bye: a stay that nobody renews.
        admin = await asyncpg.connect(postgresql_url)
        channel = f"{here.settings.key_prefix}p:room"
        await admin.execute("SELECT trine_channel_come($1, 'x', 'eve', 'null', 0.05)", channel)
        await admin.close()
        assert [(await anext(changes)).is_here for _ in range(2)] == [True, False]
        assert await here.group("room").members() == {"bob": None}
    await here.aclose()


async def test_what_has_expired_is_forgotten(postgresql_channels, postgresql_url):
    channels = postgresql_channels(history_seconds=1)
    group = channels.group("news")
    first = await group.send(1)
    admin = await asyncpg.connect(postgresql_url)
    await admin.execute("UPDATE trine_channel SET expires = now() WHERE channel LIKE $1", f"{channels.settings.key_prefix}%")
    await admin.close()
    async with group.subscribe(after=first) as news:
        await group.send(2)
        assert await anext(news) == 2
        late = group.subscribe(history=10)
        assert await anext(late) == 2
        await late.aclose()
    await channels.aclose()


async def test_postgresql_that_is_not_there_is_told_soon():
    channels = Channels("postgresql://user:secret@127.0.0.1:1/name", timeout=0.2)
    group = channels.group("news")
    with pytest.raises(
        ChannelsUnavailable, match=r"PostgreSQL at 127\.0\.0\.1:1 does not answer within 0\.2 seconds: cannot send to it"
    ):
        await group.send(1)
    with pytest.raises(ChannelsUnavailable, match="cannot listen to it"):
        await anext(group.subscribe())
    await channels.aclose()
