"""Transactions: `async with atomic():`, nested by savepoints, the same for `def` code in a worker thread."""

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from trine.concurrency import finished, maybe_await

from .connection import Connection, Row
from .errors import DatabaseUnavailable, SerializationFailure, TransactionError
from .sync import refuse_on_loop, run_sync

if TYPE_CHECKING:
    from .database import Database

logger = logging.getLogger("trine.db")
F = TypeVar("F", bound=Callable[..., Any])
Isolation = Literal["read committed", "repeatable read", "serializable"]
ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "serializable")


class Transaction:
    """A transaction on one connection, while it lasts. Tasks that share it take turns."""

    def __init__(self, database: "Database", connection: Connection) -> None:
        self.database = database
        self.connection = connection
        self.is_done = False
        """Whether its block has ended. Statements that wait for their turn then still belong to it."""
        self.is_broken = False
        """Whether a statement failed or was cancelled, so that nothing but a rollback may follow."""
        self.depth = 0
        self.holds_turn = False
        """Whether nobody else may write to SQLite until it ends."""
        self.callbacks: list[Callable[[], Any]] = []
        self.savepoints: list[str] = []
        """Those that are open, the innermost last."""
        self._turn = asyncio.Lock()
        self._streams: list[AsyncGenerator[Sequence[Row]]] = []
        self._counted = 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended for everybody: what tasks that it has left behind do then is their own."""
        return self.is_done and not self.depth

    def check(self) -> None:
        """Refuse to go on after an error that the database has not forgotten."""
        if self.is_broken:
            raise TransactionError(
                "An earlier statement of this transaction failed, and nothing but a rollback may follow. "
                "Put what may fail into an `async with atomic():` of its own."
            )

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """Run a statement and give its rows."""
        async with self.turn():
            return await self.connection.fetch(sql, args)

    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows."""
        async with self.turn():
            return await self.connection.fetch_named(sql, args)

    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        async with self.turn():
            return await self.connection.run(sql, args)

    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """Run an INSERT and give the key that was counted."""
        async with self.turn():
            return await self.connection.insert(sql, args)

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""
        async with self.turn():
            await self.connection.run_many(sql, rows)

    async def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Row]]:
        """Run a statement and give its rows in parts of about `size`. Others have their turn between two parts."""
        source = self.connection.stream(sql, args, size)
        self._streams.append(source)
        try:
            while True:
                async with self.turn():
                    rows = await anext(source, None)
                if rows is None:
                    return
                yield rows
        finally:
            async with self._turn:
                if source in self._streams:
                    self._streams.remove(source)
                    await source.aclose()

    def refuse_late(self) -> None:
        """Refuse what comes after the end, where it was meant to be part of it."""
        if self.is_done:
            raise TransactionError(
                "The transaction that this belongs to has ended. Wait for a task inside `async with atomic():`, "
                "or begin it outside."
            )

    @asynccontextmanager
    async def last_turn(self) -> AsyncIterator[Connection]:
        """Use the connection to end the transaction: what asked before has its turn first, and nobody has one afterwards."""
        self.is_done = True
        async with self._turn:
            while self._streams:
                # A connection that is no good any more is seen by what ends the transaction.
                with suppress(Exception):
                    await self._streams.pop().aclose()
            yield self.connection

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Connection]:
        """Use the connection, one after the other."""
        self.refuse_late()
        async with self._turn:
            self.check()
            try:
                yield self.connection
            except BaseException as error:
                # SQLite and MariaDB forget a statement that failed; PostgreSQL refuses everything until a rollback.
                if self.database.dialect.name == "postgresql" or not isinstance(error, Exception):
                    self.is_broken = True
                if not isinstance(error, Exception) and not self.connection.survives_cancellation:
                    # Half an answer is still on its way: the connection goes, and what was written with it.
                    self.connection.is_broken = True
                if isinstance(error, SerializationFailure | DatabaseUnavailable) or self.connection.is_broken:
                    self.is_broken = True
                raise

    async def set_savepoint(self) -> str:
        """Begin what can be undone alone. Gives its name."""
        self._counted += 1
        savepoint = f"trine_{self._counted}"
        async with self.turn() as connection:
            await connection.command(f"SAVEPOINT {savepoint}")
            self.savepoints.append(savepoint)
        return savepoint

    async def end_savepoint(self, savepoint: str, *, failed: bool) -> None:
        """Keep or undo what was done since a savepoint."""
        if failed and self.is_done:
            return
        self.refuse_late()
        async with self._turn:
            if self.connection.is_broken:
                return
            if self.savepoints[-1:] != [savepoint]:
                # To keep or undo one that others have begun theirs in would take or keep a part of what they do.
                self.is_broken = True
                if savepoint in self.savepoints:
                    del self.savepoints[self.savepoints.index(savepoint) :]
                if failed:
                    return
                raise TransactionError(
                    "Two tasks were inside an `async with atomic():` of the same transaction at the same time, so nothing of it "
                    "is kept. Let one wait for the other, or begin both outside."
                )
            self.savepoints.pop()
            was_broken = self.is_broken
            if not failed and not was_broken:
                await self.connection.command(f"RELEASE SAVEPOINT {savepoint}")
                return
            self.is_broken = not await self.connection.recover_savepoint(savepoint)
            if not failed:
                raise TransactionError("A statement inside atomic() failed, so nothing of it was kept.")


class atomic:  # noqa: N801 - Django's word
    """All or nothing: what is written inside is kept together, or not at all.

    ```python
    async with atomic():
        await account.save()
        await transfer.save()
    ```

    In a `def` it is `with atomic():`, and a decorator on both. Inside another one it is a savepoint, so that its failure
    undoes its own part alone. `isolation` is the database's level, `read_only` promises to write nothing, and `durable`
    refuses to be inside another. As a decorator, `retries` is how often the function is called again after a collision with
    another transaction; it must not do what cannot be repeated.
    """

    def __init__(
        self,
        using: "str | Database | None" = None,
        *,
        isolation: Isolation | None = None,
        read_only: bool = False,
        durable: bool = False,
        retries: int = 0,
    ) -> None:
        if isolation is not None and isolation.lower() not in ISOLATION_LEVELS:
            raise TransactionError(f"{isolation!r} is no isolation level. There are {', '.join(ISOLATION_LEVELS)}.")
        self._using = using
        self.isolation = isolation
        self.read_only = read_only
        self.durable = durable
        self.retries = retries
        self._entered: list[tuple[Transaction, str | None, Any, list[Callable[[], Any]]]] = []

    def _database(self) -> "Database":
        from .database import find_database

        return find_database(self._using)

    def __call__(self, function: F) -> F:
        """Wrap a function in a transaction."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def in_transaction(*args: Any, **kwargs: Any) -> Any:
                for attempt in range(self.retries + 1):
                    try:
                        async with self._again():
                            return await function(*args, **kwargs)
                    except SerializationFailure:
                        if attempt == self.retries or self._database().transaction is not None:
                            raise
                        await asyncio.sleep(0.005 * 2**attempt)
                raise AssertionError("unreachable")

            return in_transaction  # type: ignore[return-value] # the same signature

        @wraps(function)
        def in_sync_transaction(*args: Any, **kwargs: Any) -> Any:
            for attempt in range(self.retries + 1):
                try:
                    with self._again():
                        return function(*args, **kwargs)
                except SerializationFailure:
                    if attempt == self.retries or self._database().transaction is not None:
                        raise
            raise AssertionError("unreachable")

        return in_sync_transaction  # type: ignore[return-value] # the same signature

    def _again(self) -> "atomic":
        return atomic(self._using, isolation=self.isolation, read_only=self.read_only, durable=self.durable)

    # Entering ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Transaction:
        database = self._database()
        transaction, savepoint = await self._begin(database)
        return self._enter(database, transaction, savepoint)

    def __enter__(self) -> Transaction:
        refuse_on_loop("with atomic():", "async with atomic():")
        database = self._database()
        transaction, savepoint = run_sync(self._begin(database))
        return self._enter(database, transaction, savepoint)

    def _enter(self, database: "Database", transaction: Transaction, savepoint: str | None) -> Transaction:
        outer, transaction.callbacks = transaction.callbacks, []
        transaction.depth += 1
        self._entered.append((transaction, savepoint, database.enter(transaction), outer))
        return transaction

    async def _begin(self, database: "Database") -> tuple[Transaction, str | None]:
        current = database.transaction
        if current is not None:
            if self.durable and not current.database.is_pinned:
                raise TransactionError("atomic(durable=True) is inside another transaction, which may still undo it.")
            if self.isolation is not None and current.depth:
                raise TransactionError(
                    "A savepoint has the isolation level of its transaction. Say it at the outermost atomic()."
                )
            return current, await current.set_savepoint()
        return await database.begin(isolation=self.isolation, read_only=self.read_only), None

    # Leaving ----------------------------------------------------------------------------------------------------

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        transaction, savepoint, token, outer = self._entered.pop()
        transaction.depth -= 1
        callbacks, transaction.callbacks = transaction.callbacks, outer
        transaction.database.leave(token)
        # Whatever is cancelled meanwhile, a transaction that was begun is ended.
        await finished(asyncio.ensure_future(self._end(transaction, savepoint, failed=error is not None)))
        if error is None:
            await self._done(transaction, savepoint, callbacks)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        transaction, savepoint, token, outer = self._entered.pop()
        transaction.depth -= 1
        callbacks, transaction.callbacks = transaction.callbacks, outer
        transaction.database.leave(token)
        run_sync(self._end(transaction, savepoint, failed=error is not None))
        if error is None:
            run_sync(self._done(transaction, savepoint, callbacks))

    @staticmethod
    async def _end(transaction: Transaction, savepoint: str | None, *, failed: bool) -> None:
        if savepoint is None:
            await transaction.database.end(transaction, commit=not failed)
            return
        await transaction.end_savepoint(savepoint, failed=failed)

    @staticmethod
    async def _done(transaction: Transaction, savepoint: str | None, callbacks: list[Callable[[], Any]]) -> None:
        if savepoint is not None:
            transaction.callbacks += callbacks
            return
        await call_all(callbacks)


async def call_all(callbacks: Sequence[Callable[[], Any]]) -> None:
    """Call what waits for a commit. One that fails is logged, and keeps none of the others from being called."""
    for callback in callbacks:
        try:
            await maybe_await(callback())
        except Exception:
            logger.exception("A callback of on_commit failed: %r", callback)


def on_commit(callback: Callable[[], Awaitable[Any] | Any], using: "str | Database | None" = None) -> None:
    """Call a function once the transaction around was committed, at once where there is none. A rollback forgets it."""
    from .database import find_database

    transaction = find_database(using).transaction
    if transaction is not None:
        transaction.callbacks.append(callback)
        return
    result = callback()
    if inspect.isawaitable(result):
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            run_sync(_awaited(result))
            return
        task = loop.create_task(_awaited(result))
        _running.add(task)
        task.add_done_callback(_running.discard)


_running: set[asyncio.Task[Any]] = set()


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value
