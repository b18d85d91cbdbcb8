"""Events in a database: a part of the transaction around, and numbered without gaps whoever adds them."""

import asyncio

import pytest

from trine import SetupError
from trine.db import Database, TransactionError, atomic
from trine.replay import MemoryEventLog, RedisEventLog, SQLEventLog, event_log


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
async def database(request):
    async with Database(request.getfixturevalue(f"{request.param}_url")) as database:
        for table in ("trine_event", "trine_event_stream"):
            await database.run(f"DROP TABLE IF EXISTS {table}")
        yield database


@pytest.fixture
async def log(database):
    log = SQLEventLog(poll_interval=0.02)
    yield log
    await log.close()


async def _add_and_fail(log, event):
    async with atomic():
        await log.append("orders", event)
        raise ZeroDivisionError


async def test_an_event_is_heard_when_its_transaction_was_kept(database, log):
    await log.append("orders", 1)
    events = log.follow("orders", start="oldest")
    assert (await anext(events)).raw_data == "1"
    coming = asyncio.ensure_future(anext(events))
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail(log, 2)
    async with atomic():
        await log.append("orders", 3)
        await asyncio.sleep(0)
        assert not coming.done()
    event = await coming
    assert (event.raw_data, event.id.partition("-")[2]) == ("3", "2")
    await events.aclose()


async def test_an_event_that_is_undone_with_the_first_tables_is_no_loss(database, log):
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail(log, 1)
    assert not await log.knows("orders")
    await log.append("orders", 2)
    assert await log.knows("orders")


async def test_those_who_add_at_once_get_numbers_in_a_row(database, log):
    others = [SQLEventLog(poll_interval=0.02) for _ in range(3)]
    ids = await asyncio.gather(*(each.append("orders", 0) for each in (*others, log) for _ in range(3)))
    assert sorted(int(each.partition("-")[2]) for each in ids) == list(range(1, 13))
    assert len({each.partition("-")[0] for each in ids}) == 1


async def test_names_that_differ_are_different_streams(database, log):
    names = ["a", "A", "a ", "\u00e4", "a\x00", "x" * 1000]
    for number, name in enumerate(names):
        await log.append(name, number)
    for number, name in enumerate(names):
        events = log.follow(name, start="oldest")
        assert (await anext(events)).raw_data == str(number)
        await events.aclose()


async def test_a_source_is_not_begun_in_a_transaction_that_it_outlives(database, log):
    async def tokens():
        yield "a"

    async def begin():
        async with atomic():
            await anext(log.resume("answer", tokens()))

    with pytest.raises(TransactionError, match=r"^resume\(\) is inside atomic\(\), but its source outlives the transaction\."):
        await begin()
    assert [event.raw_data async for event in log.resume("answer", tokens())] == ['"a"']


async def test_what_is_too_old_is_deleted(database, monkeypatch):
    # An event now and then deletes what is too old: here by no chance.
    monkeypatch.setattr("random.randrange", lambda stop: stop - 1)
    log, old = SQLEventLog(), SQLEventLog(max_age=0.001)
    await log.append("orders", 1)
    await old.append("notes", 1)
    await asyncio.sleep(0.002)
    assert await old.sweep() == 1
    assert await log.knows("orders")
    assert not await old.knows("notes")


async def test_a_setting_says_where_events_are_kept(monkeypatch):
    assert isinstance(event_log(), MemoryEventLog)
    monkeypatch.setenv("TRINE_REPLAY_URL", "database://events")
    monkeypatch.setenv("TRINE_REPLAY_MAX_EVENTS", "7")
    log = event_log(max_age=5)
    assert isinstance(log, SQLEventLog)
    assert (log.max_events, log.max_age) == (7, 5)
    async with Database("sqlite://", alias="events"):
        await log.append("orders", 1)
        assert await log.knows("orders")
    assert isinstance(event_log("redis://localhost"), RedisEventLog)
    with pytest.raises(SetupError, match=r"^TRINE_REPLAY_URL is 'postgresql://\.\.\.', where no events can be kept\."):
        event_log("postgresql://user:secret@host/name")
