"""What is sent to a group, and who hears it, in memory, through Redis and through PostgreSQL."""

import asyncio

import msgspec
import pytest
from pydantic import BaseModel

from trine import SetupError
from trine.channels import Channels, SlowConsumer
from trine.errors import ResponseValidationError


class Said(BaseModel):
    text: str
    by: str = "nobody"


class Point(msgspec.Struct):
    x: int


async def take(subscription, count):
    return [await anext(subscription) for _ in range(count)]


async def test_everybody_hears_what_is_sent(channels):
    group = channels.group("news", Said)
    async with group.subscribe() as one, group.subscribe() as two:
        await group.send(Said(text="a"))
        await group.send(Said(text="b", by="ada"))
        expected = [Said(text="a"), Said(text="b", by="ada")]
        assert await take(one, 2) == expected
        assert await take(two, 2) == expected


async def test_groups_are_apart(channels):
    async with channels.group("a").subscribe() as a, channels.group("b").subscribe() as b:
        await channels.group("a").send(1)
        await channels.group("b").send({"x": [None, "é\u2028"]})
        assert (await take(a, 1), await take(b, 1)) == ([1], [{"x": [None, "é\u2028"]}])


async def test_messages_of_other_kinds_of_models(channels):
    group = channels.group("points", Point)
    async with group.subscribe() as points:
        await group.send(Point(3))
        assert await take(points, 1) == [Point(3)]


async def test_message_that_does_not_fit_is_not_sent(channels):
    group = channels.group("news", Said)
    with pytest.raises(ResponseValidationError):
        await group.send({"by": "ada"})


async def test_message_of_another_version_is_passed_over(channels, caplog):
    async with channels.group("news", Said).subscribe() as news:
        await channels.group("news").send({"texts": []})
        await channels.group("news").send({"text": "good"})
        assert await take(news, 1) == [Said(text="good")]
    assert caplog.messages == [
        "A message of group 'news' does not fit its model and is passed over: 1 validation error: message.text: Field required"
    ]


async def test_history_comes_first_and_nothing_twice(channels):
    group = channels.group("news")
    for number in range(5):
        await group.send(number)
    async with group.subscribe(history=2) as news:
        await group.send(5)
        assert await take(news, 3) == [3, 4, 5]
    async with group.subscribe() as fresh:
        await group.send(6)
        assert await take(fresh, 1) == [6]


async def test_history_is_bounded(channels):
    group = channels.group("news", history=3)
    for number in range(10):
        await group.send(number)
    async with group.subscribe(history=1000) as news:
        assert await take(news, 3) == [7, 8, 9]
        await group.send(10)
        assert await take(news, 1) == [10]


async def test_a_listener_goes_on_where_it_was(channels):
    group = channels.group("news")
    async with group.subscribe() as news:
        for number in range(4):
            await group.send(number)
        assert await take(news, 2) == [0, 1]
        left_at = news.last_id
    async with group.subscribe(after=left_at) as again:
        await group.send(4)
        assert await take(again, 3) == [2, 3, 4]


@pytest.mark.parametrize("forged", ["", "x", "1", "1-", "-1-0", "1-1\r\nX", "9" * 100 + "-0", "²-0"])
async def test_forged_id_counts_as_none(channels, forged):
    group = channels.group("news")
    await group.send(0)
    async with group.subscribe(after=forged) as news:
        await group.send(1)
        assert await take(news, 1) == [1]


async def test_events_for_a_browser(channels):
    group = channels.group("news", Said)
    identifier = await group.send(Said(text="a"))
    events = group.subscribe(history=1).events("said")
    event = await anext(events)
    assert (event.id, event.event, event.raw_data) == (identifier, "said", '{"text":"a","by":"nobody"}')
    await events.aclose()


async def test_listener_that_does_not_listen_is_ended(channels):
    group = channels.group("news")
    async with group.subscribe(max_pending=3) as slow, group.subscribe() as quick:
        for number in range(5):
            await group.send(number)
        assert await take(quick, 5) == [0, 1, 2, 3, 4]
        assert await take(slow, 3) == [0, 1, 2]
        with pytest.raises(SlowConsumer, match=r"More than 3 messages of 'news' wait to be taken \(max_pending\)"):
            await anext(slow)


async def test_listener_may_rather_lose_the_oldest(channels):
    group = channels.group("news")
    async with group.subscribe(max_pending=3, when_full="drop_oldest") as slow, group.subscribe() as quick:
        for number in range(5):
            await group.send(number)
        await take(quick, 5)
        assert await take(slow, 3) == [2, 3, 4]
        assert slow.dropped == 2


async def test_end_of_the_process_ends_every_listener(make_channels):
    channels = make_channels()
    group = channels.group("news")
    async with group.subscribe() as news:
        waiting = asyncio.ensure_future(anext(news, "ended"))
        await group.send(1)
        assert await waiting == 1
        waiting = asyncio.ensure_future(anext(news, "ended"))
        await asyncio.sleep(0)
        await channels.aclose()
        assert await waiting == "ended"


async def test_forgotten_listener_costs_nothing(channels):
    group = channels.group("news")
    forgotten = group.subscribe()
    await group.send(0)
    async with group.subscribe() as news:
        waiting = asyncio.ensure_future(anext(forgotten))
        await asyncio.sleep(0)
        waiting.cancel()
        del forgotten, waiting
        await group.send(1)
        assert await take(news, 1) == [1]


@pytest.mark.parametrize("name", ["", "a" * 201, "a\nb", "a\0"])
async def test_name_that_no_group_can_have(channels, name):
    with pytest.raises(ValueError, match="A group cannot be named"):
        channels.group(name)


@pytest.mark.parametrize("url", ["http://a.example", "redis", ""])
def test_place_that_is_none_stops_the_start(url):
    with pytest.raises(SetupError, match="Channels have the url"):
        Channels(url)
