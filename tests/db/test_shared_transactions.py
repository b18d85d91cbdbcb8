"""Tasks that share a transaction, and what becomes of them when it ends."""
# ruff: noqa: PT012 - what is refused stands inside a transaction

import asyncio
import weakref

import pytest

from trine.db import Database, DatabaseUnavailable, TransactionError, atomic

from .library import Tag

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(0.2)",
    "mysql": "SELECT SLEEP(0.2)",
}


@pytest.fixture
def slowly(committing):
    """Begin a task that runs a slow statement, and then writes a tag."""

    async def begin(name="late"):
        async def work():
            started.set()
            await committing.fetch(SLOW[committing.dialect.name])
            await Tag.objects.create(name=name)

        started = asyncio.Event()
        task = asyncio.create_task(work())
        await started.wait()
        return task

    return begin


async def names():
    return sorted(await Tag.objects.values_list("name", flat=True))


async def the_end_of(transaction):
    """Wait until the end of a transaction has begun, and waits for its turn."""
    while not transaction.is_done:
        await asyncio.sleep(0)


async def left_alone(database):
    """Whether every connection came back."""
    await database.pool.settle()
    return database.pool.in_use == 0


async def test_a_commit_waits_for_the_statement_of_another_task(committing, slowly):
    async with atomic():
        await Tag.objects.create(name="in time")
        task = await slowly()
    assert not task.done()
    await task
    assert await names() == ["in time", "late"]
    assert await left_alone(committing)


async def test_what_asked_before_the_end_has_its_turn_before_it(committing, slowly):
    async with atomic():
        slow = await slowly()
        queued = asyncio.create_task(Tag.objects.create(name="queued"))
        await asyncio.sleep(0)
    assert queued.done()
    await slow
    assert await names() == ["late", "queued"]


async def test_a_rollback_waits_for_the_statement_of_another_task(committing, slowly):
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await Tag.objects.create(name="undone")
            task = await slowly()
            raise ZeroDivisionError
    await task
    assert await names() == ["late"]
    assert await left_alone(committing)


@pytest.mark.parametrize("fails", [False, True])
async def test_the_end_of_a_savepoint_waits_too(committing, slowly, fails):
    async with atomic():
        await Tag.objects.create(name="outer")
        try:
            async with atomic():
                await Tag.objects.create(name="inner")
                task = await slowly()
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        await task
    assert await names() == (["late", "outer"] if fails else ["inner", "late", "outer"])


async def test_who_is_cancelled_while_the_end_waits_ends_it_all_the_same(committing, slowly):
    begun = []

    async def work():
        async with atomic() as transaction:
            await Tag.objects.create(name="kept")
            begun.extend((transaction, await slowly()))

    task = asyncio.create_task(work())
    while not begun:
        await asyncio.sleep(0)
    transaction, slow = begun
    await the_end_of(transaction)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await slow
    assert await names() == ["kept", "late"]
    assert await left_alone(committing)


async def test_a_statement_that_is_cancelled_while_the_end_waits_undoes_everything(committing, slowly):
    async def cancel(task, transaction):
        await the_end_of(transaction)
        task.cancel()

    with pytest.raises((TransactionError, DatabaseUnavailable)):
        async with atomic() as transaction:
            await Tag.objects.create(name="undone")
            slow = await slowly()
            cancelling = asyncio.create_task(cancel(slow, transaction))
    await cancelling
    assert slow.cancelled()
    assert await names() == []
    assert await left_alone(committing)


async def test_a_block_that_is_still_open_at_the_end_undoes_everything(committing):
    ended = asyncio.Event()

    async def work():
        async with atomic():
            await Tag.objects.create(name="half")
            entered.set()
            await ended.wait()
            await Tag.objects.create(name="other half")

    entered = asyncio.Event()
    with pytest.raises(
        TransactionError, match=r"A task was still inside an `async with atomic\(\):` of this transaction when it ended"
    ):
        async with atomic():
            task = asyncio.create_task(work())
            await entered.wait()
    ended.set()
    with pytest.raises(TransactionError, match=r"The transaction that this belongs to has ended. Wait for a task inside"):
        await task
    assert await names() == []
    assert await left_alone(committing)


async def test_blocks_of_two_tasks_that_overlap_undo_everything(committing):
    second, first_ended = asyncio.Event(), asyncio.Event()

    async def one():
        async with atomic():
            await Tag.objects.create(name="one")
            await second.wait()

    async def one_and_tell():
        try:
            await one()
        finally:
            first_ended.set()

    async def two():
        async with atomic():
            await Tag.objects.create(name="two")
            second.set()
            await first_ended.wait()

    with pytest.raises(TransactionError, match="An earlier statement of this transaction failed"):
        async with atomic():
            first, other = await asyncio.gather(one_and_tell(), two(), return_exceptions=True)
            assert "Two tasks were inside an `async with atomic():` of the same transaction at the same time" in str(first)
            assert isinstance(other, TransactionError)
    assert await names() == []
    assert await left_alone(committing)


async def test_statements_come_between_the_parts_of_a_stream(committing):
    await Tag.objects.bulk_create([Tag(name=f"{number:02}") for number in range(10)])
    async with atomic():
        seen = []
        async for tag in Tag.objects.order_by("name").iterator(chunk_size=2):
            seen.append(tag.name)
            await Tag.objects.filter(id=tag.id).update(name=f"{tag.name} seen")
    assert seen == [f"{number:02}" for number in range(10)]
    assert await names() == [f"{number:02} seen" for number in range(10)]


async def test_a_stream_of_its_own_keeps_nobody_from_writing(committing):
    await Tag.objects.bulk_create([Tag(name=f"{number:02}") for number in range(10)])
    async for tag in Tag.objects.order_by("name").iterator(chunk_size=2):
        tag.name += " seen"
        await tag.save()
        if tag.name == "04 seen":
            break
    assert (await names())[:6] == ["00 seen", "01 seen", "02 seen", "03 seen", "04 seen", "05"]
    assert committing.transaction is None


async def test_a_stream_that_is_left_in_the_middle_ends_with_its_transaction(committing):
    await Tag.objects.bulk_create([Tag(name=f"{number:02}") for number in range(10)])
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            async for tag in Tag.objects.iterator(chunk_size=2):
                await tag.delete()
                raise ZeroDivisionError
    async with atomic():
        await Tag.objects.filter(name="00").delete()
    assert await Tag.objects.count() == 9


async def test_a_stream_from_memory():
    async with Database("sqlite://") as database:
        await database.create_all()
        await Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
        async for tag in Tag.objects.iterator(chunk_size=1):
            await tag.delete()
        assert await Tag.objects.count() == 0


async def test_rows_that_were_iterated_are_let_go(committing):
    await Tag.objects.bulk_create([Tag(name=f"tag {number:04}") for number in range(1500)])
    alive: weakref.WeakSet[Tag] = weakref.WeakSet()
    count = most = 0
    async for tag in Tag.objects.order_by("name").iterator(chunk_size=50):
        alive.add(tag)
        count, most = count + 1, max(most, len(alive))
    assert count == 1500
    assert most <= 100
