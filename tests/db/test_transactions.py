"""All or nothing, also where things go wrong."""
# ruff: noqa: PT012 - what is refused stands inside a transaction

import asyncio
from pathlib import Path

import pytest

from trine import App
from trine.concurrency import ThreadPool, run_in_thread
from trine.db import (
    Database,
    DatabaseUnavailable,
    IntegrityError,
    NotLoaded,
    SerializationFailure,
    SyncCallRefused,
    TransactionError,
    atomic,
    on_commit,
)
from trine.db.sqlite import SQLiteConnection
from trine.testing import AsyncTestClient

from ..services import wait_until
from .library import Author, Book, Tag


async def names():
    return sorted(await Tag.objects.values_list("name", flat=True))


async def test_a_transaction_is_kept_or_undone(committing):
    async with atomic():
        await Tag.objects.create(name="kept")
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await Tag.objects.create(name="undone")
            assert await names() == ["kept", "undone"]
            raise ZeroDivisionError
    assert await names() == ["kept"]
    assert committing.pool.in_use == 0


async def test_inner_ones_undo_their_own_part(committing):
    async with atomic():
        await Tag.objects.create(name="a")
        with pytest.raises(IntegrityError):
            async with atomic():
                await Tag.objects.create(name="b")
                await Tag.objects.create(name="a")
        await Tag.objects.create(name="c")
    assert await names() == ["a", "c"]


async def test_others_see_nothing_before_the_commit(committing):
    isolation = "read committed" if committing.dialect.name == "mysql" else None
    entered, seen = asyncio.Event(), asyncio.Event()

    async def write():
        async with atomic(isolation=isolation):
            await Tag.objects.create(name="new")
            entered.set()
            await seen.wait()

    task = asyncio.create_task(write())
    await entered.wait()
    assert await names() == []
    seen.set()
    await task
    assert await names() == ["new"]


async def test_what_waits_for_the_commit_is_called_after_it(committing):
    called = []
    async with atomic():
        on_commit(lambda: called.append("plain"))

        async def later():
            called.append(await names())

        await Tag.objects.create(name="a")
        on_commit(later)
        with pytest.raises(ZeroDivisionError):
            async with atomic():
                on_commit(lambda: called.append("never"))
                raise ZeroDivisionError
        async with atomic():
            on_commit(lambda: called.append("inner"))
        assert called == []
    assert called == ["plain", ["a"], "inner"]
    on_commit(lambda: called.append("at once"))
    assert called[-1] == "at once"


async def test_def_code_is_in_the_same_transaction(committing):
    def work():
        Tag.objects.sync.create(name="sync")
        with atomic():
            Tag.objects.sync.create(name="inner")
        try:
            with atomic():
                Tag.objects.sync.create(name="never")
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert Tag.objects.sync.filter(name="sync").exists()
        return [tag.name for tag in Tag.objects.sync.order_by("name")]

    with pytest.raises(KeyError):
        async with atomic():
            await Tag.objects.create(name="async")
            assert await run_in_thread(work) == ["async", "inner", "sync"]
            raise KeyError
    assert await names() == []


async def test_def_handlers_use_the_database(committing):
    app = App()

    @app.post("/tags/{name}")
    def make(name: str) -> int:
        tag = Tag.objects.sync.create(name=name)
        author = Author.objects.sync.create(name="Ann")
        book = Book.objects.sync.create(title="Dune", author=author)
        book.tags.sync.add(tag)
        read = Book.objects.sync.get(title="Dune")
        # Plain code may read a relation when it is asked for.
        assert read.author.name == "Ann"
        assert [tag.name for tag in read.tags] == [name]
        read.title = "Changed"
        read.sync.save()
        return Book.objects.sync.filter(title="Changed").count()

    async with AsyncTestClient(app) as client:
        assert (await client.post("/tags/x")).json() == 1


async def test_a_sync_call_on_the_event_loop_is_refused(committing):
    with pytest.raises(SyncCallRefused, match=r"would block the event loop. In an `async def`, write: await without .sync"):
        Tag.objects.sync.first()
    with pytest.raises(SyncCallRefused, match=r"write: async with atomic\(\):"), atomic():
        pass
    book = Book(title="x", author_id=1)
    with pytest.raises(NotLoaded):
        _ = book.author


async def test_a_decorator_tries_again_after_a_collision(committing):
    calls = 0

    @atomic(retries=3)
    async def transfer():
        nonlocal calls
        calls += 1
        await Tag.objects.create(name=f"try {calls}")
        if calls < 3:
            raise SerializationFailure("somebody was faster")
        return "done"

    assert await transfer() == "done"
    assert await names() == ["try 3"]


async def test_collisions_of_serializable_transactions_are_retried(committing):
    if committing.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer, and MariaDB locks what is read")
    await Tag.objects.create(name="0")

    @atomic(isolation="serializable", retries=20)
    async def count_on():
        tag = await Tag.objects.get()
        await asyncio.sleep(0)
        tag.name = str(int(tag.name) + 1)
        await tag.save()

    await asyncio.gather(*(count_on() for _ in range(5)))
    assert await names() == ["5"]


async def test_rows_are_locked(committing):
    if committing.dialect.name == "sqlite":
        async with atomic():
            assert await Tag.objects.select_for_update().first() is None
        return
    await Tag.objects.create(name="a")
    with pytest.raises(TransactionError, match=r"Put it inside `async with atomic\(\):`"):
        await Tag.objects.select_for_update().first()
    locked, done = asyncio.Event(), asyncio.Event()

    async def hold():
        async with atomic():
            await Tag.objects.select_for_update().get(name="a")
            locked.set()
            await done.wait()

    task = asyncio.create_task(hold())
    await locked.wait()
    async with atomic():
        assert await Tag.objects.select_for_update(skip_locked=True) == []
    done.set()
    await task


async def test_a_failed_statement_breaks_a_transaction_of_postgresql(committing):
    if committing.dialect.name != "postgresql":
        pytest.skip("others forget it")
    with pytest.raises(TransactionError, match="An earlier statement of this transaction failed"):
        async with atomic():
            await Tag.objects.create(name="a")
            with pytest.raises(IntegrityError):
                await Tag.objects.create(name="a")
            await Tag.objects.count()
    assert await names() == []


async def test_mistakes_are_named(committing):
    with pytest.raises(TransactionError, match="'chaos' is no isolation level"):
        atomic(isolation="chaos")  # type: ignore[arg-type]
    async with atomic():
        with pytest.raises(TransactionError, match="is inside another transaction"):
            async with atomic(durable=True):
                pass
        with pytest.raises(TransactionError, match="A savepoint has the isolation level of its transaction"):
            async with atomic(isolation="serializable"):
                pass


async def test_tasks_share_a_transaction_in_turns(committing):
    async with atomic():
        await asyncio.gather(*(Tag.objects.create(name=str(number)) for number in range(10)))
    assert await Tag.objects.count() == 10


async def test_cancelled_work_leaves_nothing_behind(committing):
    await Author.objects.create(name="Ann")
    started = 0

    async def work():
        nonlocal started
        async with atomic():
            started += 1
            await Tag.objects.create(name=f"tag {started}")
            await Author.objects.count()
            await asyncio.sleep(30)

    async def read():
        while True:
            await Author.objects.filter(name__icontains="n").count()

    for round_number in range(60):
        tasks = [asyncio.create_task(work() if number % 2 else read()) for number in range(8)]
        for _ in range(round_number % 7):
            await asyncio.sleep(0)
        if round_number % 3 == 0:
            await asyncio.sleep(0.002)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await committing.pool.settle()
    assert committing.pool.in_use == 0
    assert await names() == []
    assert await Author.objects.count() == 1


async def test_a_write_that_is_interrupted_undoes_its_transaction_and_hides_no_error(committing):
    if committing.dialect.name != "sqlite":
        pytest.skip("others end the connection")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'tag ' || i FROM n"
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await Tag.objects.create(name="before")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02), atomic():
                    await committing.run(f"INSERT INTO {Tag.__table__.name} (name) {endless}")
            # What was written before is gone too, so nothing may follow as if it were there.
            with pytest.raises(TransactionError):
                await Tag.objects.create(name="after")
            raise ZeroDivisionError
    assert await names() == []
    assert committing.pool.in_use == 0


@pytest.mark.slow
async def test_a_file_whose_opening_is_cancelled_is_closed(tmp_path):
    path = tmp_path / "opened.sqlite3"
    threads, cancelled = ThreadPool(1), 0
    for turns in range(60):
        opening = asyncio.create_task(SQLiteConnection.connect(str(path), threads, lock_timeout=1, is_uri=False))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        if opening.cancelled():
            cancelled += 1
        else:
            await opening.result().close()
    threads.close()
    assert cancelled
    wait_until(lambda: not any(link.resolve() == path for link in Path("/proc/self/fd").iterdir()), "The end of a thread")


async def test_ten_thousand_cancelled_requests_leak_no_connection(committing):
    app = App()

    @app.get("/count")
    async def count() -> int:
        async with atomic():
            await Tag.objects.count()
            return await Author.objects.count()

    async with AsyncTestClient(app) as client:
        for turn in range(500):
            tasks = [asyncio.create_task(client.get("/count")) for _ in range(20)]
            for _ in range(turn % 40):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await committing.pool.settle()
        assert committing.pool.in_use == 0
        assert (await client.get("/count")).json() == 0


async def test_requests_as_transactions(tables):
    database = Database(tables, atomic_requests=True)
    app = App()
    app.install(database)

    @app.post("/tags/{name}")
    async def make(name: str) -> str:
        await Tag.objects.create(name=name)
        if name == "bad":
            raise ValueError(name)
        await Tag.objects.create(name=f"{name} 2")
        return name

    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        assert (await client.post("/tags/good")).status_code == 200
        assert (await client.post("/tags/bad")).status_code == 500
        assert await names() == ["good", "good 2"]
        await Tag.objects.delete()


async def test_who_waits_too_long_for_a_connection_is_told(tables):
    async with Database(tables, pool_size=1, max_wait=0.05) as database:
        async with atomic():
            context = asyncio.get_running_loop()
            task = context.create_task(_outside(database))
            with pytest.raises(DatabaseUnavailable, match=r"all 1 connections were in use for 0.05 seconds"):
                await task
        assert await Tag.objects.count() == 0


async def _outside(database):
    token = database.enter(None)
    try:
        return await Tag.objects.count()
    finally:
        database.leave(token)


async def test_connections_that_the_server_ended_are_replaced(committing):
    if committing.dialect.name == "sqlite":
        pytest.skip("there is no server")
    await asyncio.gather(*(Tag.objects.count() for _ in range(4)))
    kill = {
        "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()",
        "mysql": "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND db = database()",
    }[committing.dialect.name]
    async with Database(committing.settings.url.get_secret_value(), alias="killer") as killer:
        rows = await killer.fetch(kill)
        if killer.dialect.name == "mysql":
            for (number,) in rows:
                await killer.run(f"KILL {number}")
    assert await Tag.objects.count() == 0
    await Tag.objects.create(name="after")
    assert await names() == ["after"]


async def test_a_connection_that_breaks_in_a_transaction_is_a_503(committing):
    if committing.dialect.name != "postgresql":
        pytest.skip("killed from inside")
    with pytest.raises(DatabaseUnavailable) as caught:
        async with atomic():
            await Tag.objects.create(name="lost")
            await committing.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.status_code == 503
    assert await names() == []
    await committing.pool.settle()
    assert committing.pool.in_use == 0


async def test_a_full_disk_is_a_503_and_nothing_is_half_written(tmp_path):
    async with Database(f"sqlite:///{tmp_path / 'full.sqlite3'}", pool_size=1) as database:
        await database.create_all()
        pages = (await database.fetch("PRAGMA page_count"))[0][0]
        await database.fetch(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(DatabaseUnavailable, match="full"):
            async with atomic():
                for number in range(1000):
                    await Author.objects.create(name=f"{number}" * 20)
        assert await Author.objects.count() == 0
        await Tag.objects.create(name="still alive")
        assert await names() == ["still alive"]


async def test_statements_of_sqlite_go_from_thread_to_thread(lite):
    await lite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
    async with atomic(lite):
        for number in range(500):
            await lite.run_many("INSERT INTO t (name) VALUES (?)", [("a",), ("b",)])
            await lite.run("UPDATE t SET name = ? WHERE id = ?", ("x", number))
    assert await lite.fetch("SELECT count(*) FROM t") == [(1000,)]
