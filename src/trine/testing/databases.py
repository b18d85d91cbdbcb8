"""Databases in tests: nothing stays, queries are counted, and each process has a database of its own."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from trine.concurrency import maybe_await, working_for
from trine.db import Database, databases, registry
from trine.db.sync import run_sync

if TYPE_CHECKING:
    from sqlalchemy import URL

    from .client import TestClient


class rolled_back:  # noqa: N801 - used like a function
    """Undo at the end whatever is written to a database inside: `with rolled_back(client):`, or `async with rolled_back():`.

    Every statement of the application, of its tasks and of the test is in one transaction for each database, `atomic()` makes
    savepoints in it, and what `on_commit` would call is not called, unless `capture_on_commit` does it. With a client,
    synchronous calls (`Book.objects.sync`) run on the client's event loop.
    """

    def __init__(self, client: "TestClient | None" = None) -> None:
        self._client = client
        self._stack = ExitStack()
        self._async_stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._async_stack.enter_async_context(_Pinned())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._async_stack.aclose()

    def __enter__(self) -> Self:
        if self._client is None:
            raise TypeError("with rolled_back(client): needs the client. In an `async def`, write: async with rolled_back():")
        portal = self._client.portal
        pinned = _Pinned()
        portal.call(pinned.__aenter__())
        self._stack.callback(lambda: portal.call(pinned.__aexit__()))
        self._stack.enter_context(working_for(portal.loop))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()


class _Pinned:
    """A transaction on every database that is installed, which everything runs in."""

    def __init__(self) -> None:
        self._begun: list[tuple[Database, Any, ExitStack]] = []

    async def __aenter__(self) -> Self:
        for database in dict.fromkeys(databases().values()):
            transaction = await database.begin()
            pinned = ExitStack()
            pinned.enter_context(database.pinned(transaction))
            self._begun.append((database, transaction, pinned))
        return self

    async def __aexit__(self, *_: object) -> None:
        for database, transaction, pinned in reversed(self._begun):
            pinned.close()
            await database.end(transaction, commit=False)


class capture_on_commit:  # noqa: N801 - used like a function
    """Gather what `on_commit` was given inside, where `rolled_back` undoes the commit: `with capture_on_commit() as callbacks:`.

    With `execute` they are called at the end, as the commit would have done, and what they leave for a commit in turn too; the
    test sees what they raise. What a rollback inside undoes is not among them. `async with` in an `async def` test.
    """

    def __init__(self, *, execute: bool = False, using: str = "default") -> None:
        self._execute = execute
        self._using = using
        self._callbacks: list[Callable[[], Any]] = []
        self._waiting: list[Callable[[], Any]] = []
        self._begin = 0
        self._new: list[Callable[[], Any]] = []

    def __enter__(self) -> list[Callable[[], Any]]:
        database = databases()[self._using]
        if not database.is_pinned or database.transaction is None:
            raise RuntimeError(
                "capture_on_commit() is outside of rolled_back, where transactions are real and callbacks are called. "
                "Use rolled_back_client_for(app), `with rolled_back(client):` or `async with rolled_back():` around it."
            )
        self._waiting = database.transaction.callbacks
        self._begin = len(self._waiting)
        return self._callbacks

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._take() and self._execute and error is None:
            for callback in self._new:
                run_sync(
                    maybe_await(callback()),
                    "with capture_on_commit(execute=True):",
                    "async with capture_on_commit(execute=True):",
                )

    async def __aenter__(self) -> list[Callable[[], Any]]:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._take() and self._execute and error is None:
            for callback in self._new:
                await maybe_await(callback())

    def _take(self) -> bool:
        """Take over what was left since the last time, and tell whether there was anything."""
        self._new = self._waiting[self._begin :]
        del self._waiting[self._begin :]
        self._callbacks += self._new
        return bool(self._new)


@contextmanager
def assert_num_queries(expected: int, *, using: str = "default") -> Iterator[list[Any]]:
    """Fail unless exactly so many statements run on a database inside. Savepoints are not counted."""
    with databases()[using].queries() as ran:
        yield ran
    counted = [query for query in ran if not query.sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO", "BEGIN", "COMMIT"))]
    if len(counted) != expected:
        lines = "\n".join(f"  {number}. {query.sql}" for number, query in enumerate(counted, 1))
        raise AssertionError(f"{len(counted)} queries were run, and {expected} expected:\n{lines or '  none'}")


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """The URL of an empty database for this test process, on the same server as another one. It is dropped at the end.

    Its name ends with the process's number, so that tests run in parallel (`pytest -n 4`). For SQLite it is a temporary file.
    """
    from sqlalchemy.engine import make_url

    given = make_url(url)
    if given.get_backend_name() == "sqlite":
        with TemporaryDirectory(prefix="trine-test-") as folder:
            yield f"sqlite:///{Path(folder) / 'test.sqlite3'}"
        return
    name = f"test_{given.database}_{os.getpid()}"
    asyncio.run(_say(given, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    try:
        yield given.set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_say(given, f"DROP DATABASE {name}"))


async def make_tables(url: str) -> None:
    """Make the tables of all models in a database, as migrations would leave them: for tests that need no migrations."""
    database = Database(url, alias="tables of tests")
    async with database:
        registry.configure()
        await database.create_all()


async def _say(url: "URL", *statements: str) -> None:
    server = url.set(database="postgres" if url.get_backend_name() == "postgresql" else "mysql")
    async with Database(server.render_as_string(hide_password=False), alias="server of tests") as database:
        for statement in statements:
            await database.run(statement)
