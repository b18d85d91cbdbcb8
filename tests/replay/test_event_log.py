"""Events that are numbered and kept: who comes back gets what it has missed."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterable
from contextlib import AsyncExitStack
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trine import App, EventSourceResponse, Header, ServerSentEvent, SetupError
from trine.db import Database
from trine.replay import MemoryEventLog, RedisEventLog, SQLEventLog

_names = itertools.count()


class Order(BaseModel):
    number: int


@pytest.fixture(params=["memory", "redis", "sqlite", "postgresql", "mysql"])
async def make_log(request):
    """Make logs that share their events, as processes do: one for memory, which has a single process."""
    made = []
    prefix = f"test-{id(request)}-{next(_names)}:"

    def make(**options):
        if request.param == "redis":
            made.append(RedisEventLog(request.getfixturevalue("redis_url"), prefix=prefix, **options))
        elif request.param != "memory":
            made.append(SQLEventLog(poll_interval=0.02, **options))
        elif not made:
            made.append(MemoryEventLog(**options))
        return made[-1]

    async with AsyncExitStack() as stack:
        if request.param not in ("memory", "redis"):
            database = await stack.enter_async_context(Database(request.getfixturevalue(f"{request.param}_url")))
            for table in ("trine_event", "trine_event_stream"):
                await database.run(f"DROP TABLE IF EXISTS {table}")
        yield make
        for log in made:
            await log.close()


async def take(events, count):
    return [await anext(events) for _ in range(count)]


def said(events):
    return [event.raw_data if event.event is None else event.event for event in events]


async def test_nothing_is_missed_that_comes_after_a_place_was_taken(make_log):
    log = make_log()
    places = []
    for number in (1, 2):
        places.append(await log.newest("orders"))
        await log.append("orders", number)
    assert places[0] is None
    for place, rest in zip(places, (["1", "2"], ["2"]), strict=True):
        assert said(await take(log.follow("orders", after=place, start="oldest"), len(rest))) == rest


async def test_events_are_numbered_and_come_as_they_are_added(make_log):
    log = make_log()
    events = log.follow("orders", start="oldest")
    first = asyncio.ensure_future(anext(events))
    ids = [
        await log.append("orders", Order(number=7)),
        await log.append("orders", ServerSentEvent(event="paid", data={"a": 1}, retry=5)),
    ]
    seen = [await first, await anext(events)]
    assert [(event.raw_data, event.event, event.retry) for event in seen] == [
        ('{"number":7}', None, None),
        ('{"a":1}', "paid", 5),
    ]
    life = ids[0].partition("-")[0]
    assert [event.id for event in seen] == ids == [f"{life}-1", f"{life}-2"]
    await events.aclose()


async def test_a_client_that_comes_back_gets_exactly_what_it_missed_also_from_another_process(make_log):
    log, other = make_log(), make_log()
    # More than what is read at once, and in databases, where each event is a transaction, more than what a process keeps at hand.
    count = 120 if isinstance(log, SQLEventLog) else 1200
    ids = [await log.append("orders", number) for number in range(count)]
    events = other.follow("orders", after=ids[9])
    assert said(await take(events, count - 10)) == [str(number) for number in range(10, count)]
    coming = asyncio.ensure_future(anext(events))
    await log.append("orders", "live")
    assert (await coming).raw_data == '"live"'
    await events.aclose()


async def test_a_new_client_begins_with_the_next_event_or_with_the_oldest(make_log):
    log = make_log()
    await log.append("orders", "old")
    oldest = log.follow("orders", start="oldest")
    assert said(await take(oldest, 1)) == ['"old"']
    newest = log.follow("orders", after=await log.append("orders", "newer"))
    coming = asyncio.ensure_future(anext(newest))
    await log.append("orders", "newest")
    assert (await coming).raw_data == '"newest"'
    await oldest.aclose()
    await newest.aclose()


@pytest.mark.parametrize(
    "after", ["", "x", "1-1", "0-0", "9" * 100_000, "1-" + "9" * 20, "\x00\xff", "-", "1-1-1", "\u0661-\u0661"]
)
async def test_an_id_that_the_log_does_not_know_resets_the_client(make_log, after):
    log = make_log()
    await log.append("orders", "one")
    events = log.follow("orders", after=after)
    assert said(await take(events, 2)) == ["reset", '"one"']
    await events.aclose()


async def test_a_client_whose_events_are_gone_is_told_so(make_log):
    log = make_log(max_events=3)
    ids = [await log.append("orders", number) for number in range(5)]
    events = log.follow("orders", after=ids[0])
    reset, *rest = await take(events, 4)
    assert (reset.event, said(rest)) == ("reset", ["2", "3", "4"])
    await events.aclose()
    again = log.follow("orders", after=reset.id)
    assert said(await take(again, 3)) == ["2", "3", "4"]
    await again.aclose()


async def test_events_are_forgotten_when_they_are_too_old(make_log):
    log = make_log(max_age=0.001)
    first = await log.append("orders", "old")
    seen = None
    while seen != "reset":
        await log.append("orders", "new")
        events = log.follow("orders", after=first)
        (seen,) = said(await take(events, 1))
        await events.aclose()


async def test_a_source_runs_once_and_on_without_its_client(make_log):
    log, other = make_log(), make_log()
    started, go_on = [], asyncio.Event()

    async def tokens():
        started.append(True)
        yield "a"
        await go_on.wait()
        yield ServerSentEvent(event="last", data="b")

    first = log.resume("answer", tokens())
    (seen,) = await take(first, 1)
    await first.aclose()
    again = other.resume("answer", tokens(), after=seen.id)
    coming = asyncio.ensure_future(anext(again))
    go_on.set()
    assert (await coming).event == "last"
    assert [event async for event in again] == []
    late = [event async for event in other.resume("answer", tokens())]
    assert (said(late), len(started)) == (['"a"', "last"], 1)


async def test_a_source_that_fails_ends_the_stream(make_log, caplog):
    log = make_log()

    async def tokens():
        yield "a"
        raise ValueError("no more")

    with caplog.at_level(logging.ERROR, "trine.replay"):
        assert said([event async for event in log.resume("answer", tokens())]) == ['"a"', "failed"]
    assert [record.getMessage() for record in caplog.records] == ["The source of the stream 'answer' failed."]


async def test_a_recording_that_was_cut_off_begins_anew(make_log):
    log = make_log()

    async def tokens(word):
        yield word
        if word == "first":
            await asyncio.Event().wait()

    events = log.resume("answer", tokens("first"))
    (seen,) = await take(events, 1)
    await log.close()  # The process stops in the middle.
    await events.aclose()
    again = [event async for event in make_log().resume("answer", tokens("second"), after=seen.id)]
    assert said(again) == ["reset", '"second"']


async def test_an_id_of_ones_own_is_refused(make_log):
    with pytest.raises(ValueError, match=r"^The event has the id '7', but a log numbers its events itself\. Leave the id out\.$"):
        await make_log().append("orders", ServerSentEvent(data=1, id="7"))


def test_limits_must_be_positive():
    with pytest.raises(SetupError, match=r"^MemoryEventLog has max_events=0 and max_age=3600\.0\."):
        MemoryEventLog(max_events=0)


def test_a_browser_resumes_with_its_header(client_for):
    app = App()
    log = MemoryEventLog()
    app.install(log)

    @app.get("/answers/{number}", response_class=EventSourceResponse)
    async def answer(number: int, last_event_id: Annotated[str | None, Header()] = None) -> AsyncIterable[Order]:
        async def count():
            for each in range(number):
                yield Order(number=each)

        async for event in log.resume(f"answer {number}", count(), after=last_event_id):
            yield event

    client = client_for(app)
    events = client.get("/answers/3").text.split("\n\n")
    assert [event.split("\n")[0] for event in events if event] == [f'data: {{"number":{each}}}' for each in range(3)]
    last_id = events[1].split("id: ")[1]
    assert client.get("/answers/3", headers={"last-event-id": last_id}).text == events[2] + "\n\n"


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 10))
def test_whoever_comes_back_at_any_time_misses_nothing(visits, kept):
    async def story():
        log = MemoryEventLog(max_events=kept)
        seen, last = [], None
        for number, visit in enumerate(visits):
            for each in range(visit):
                await log.append("s", number * 100 + each)
            if not visit:
                continue
            events = log.follow("s", after=last, start="oldest")
            missed = await take(events, 1)
            if missed[0].event == "reset" or visit > kept:
                missed = missed[:1] if missed[0].event != "reset" else []
                missed += await take(events, min(kept, visit) - len(missed))
            else:
                missed += await take(events, visit - 1)
            await events.aclose()
            seen.append((number, said(missed)))
            last = missed[-1].id
        for number, words in seen:
            whole = [str(number * 100 + each) for each in range(visits[number])]
            assert words == whole[-kept:]

    asyncio.run(story())
