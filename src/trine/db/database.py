"""The battery: `app.install(Database())`. It has the connections, and runs statements on the right one."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from trine.errors import SetupError

from .all_tables import create_tables, drop_tables, table_names
from .connection import Connection, Row
from .dialects import DIALECTS, Dialect
from .drivers import checked_url, is_in_memory
from .errors import DatabaseError, DatabaseUnavailable, TransactionError
from .opened import Opened
from .pool import Pool
from .registry import registry
from .settings import DatabaseSettings
from .statements import Cache
from .transaction import Transaction

if TYPE_CHECKING:
    from trine.app import App


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement that was run, for whoever watches."""

    sql: str
    args: Sequence[Any]
    seconds: float
    database: str


Watcher = Callable[[Ran], None]


class Database:
    """A database, and the connections to it: `app.install(Database("postgresql://..."))`.

    What is not said comes from the settings `TRINE_DB_...`. Several databases have an `alias` each; a model's `Meta.database`, or
    `using("alias")` on a query, names another than `default`. Outside of an application it is `async with Database(url):`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        alias: str = "default",
        replicas: Sequence[str] | None = None,
        pool_size: int | None = None,
        max_wait: float | None = None,
        atomic_requests: bool | None = None,
    ) -> None:
        self.alias = alias
        said = {
            "url": url,
            "replicas": replicas,
            "pool_size": pool_size,
            "max_wait": max_wait,
            "atomic_requests": atomic_requests,
        }
        self._said = {name: value for name, value in said.items() if value is not None}
        self._app: App | None = None
        self._settings: DatabaseSettings | None = None
        self._dialect: Dialect | None = None
        self._here: dict[asyncio.AbstractEventLoop, Opened] = {}
        self._engine: AsyncEngine | None = None
        self._transaction: ContextVar[Transaction | None] = ContextVar(f"transaction of {alias}", default=None)
        self._has_written: ContextVar[bool] = ContextVar(f"{alias} was written", default=False)
        self._pinned: Transaction | None = None
        self._watchers: list[Watcher] = []
        self._outer: Database | None = None
        self._is_open = False
        self.statements = Cache()

    # Being a battery --------------------------------------------------------------------------------------------

    def setup(self, app: "App") -> None:
        """Open with the application, and close with it."""
        self._app = app
        app.on_event("startup")(self.open)
        app.on_event("shutdown")(self.close)
        known = _installed.get(self.alias)
        if known is None or not known._is_open:
            _installed[self.alias] = self
        if app.debug:
            from .repeated import warn_of_repeated

            self.watch(warn_of_repeated(self.settings.repeated_queries))
        if self._said.get("atomic_requests") or (not self._said.get("url") and self.settings.atomic_requests):
            from .requests import atomic_requests

            app.add_middleware(atomic_requests(self))

    @property
    def settings(self) -> DatabaseSettings:
        """The settings: those given to the battery, else those of the application, else those of the environment."""
        if self._settings is None:
            found = DatabaseSettings.load() if self._app is None else self._app.settings.part(DatabaseSettings)
            self._settings = DatabaseSettings(**{**found.model_dump(), **self._said})
        return self._settings

    @property
    def url(self) -> URL:
        """Where the database is."""
        return checked_url(self.settings.url.get_secret_value())

    @property
    def dialect(self) -> Dialect:
        """What it says in its own words."""
        if self._dialect is None:
            self._dialect = DIALECTS[self.url.get_backend_name()]()
        return self._dialect

    async def open(self) -> None:
        """Settle the models, and take the name. Connections are made when they are needed."""
        registry.configure()
        _ = self.dialect
        self._refuse_another()
        self._outer = _installed.get(self.alias)
        _installed[self.alias] = self
        self._is_open = True
        self._current()

    async def close(self) -> None:
        """Close the connections of every loop, and give the name back."""
        here = self._here.pop(asyncio.get_running_loop(), None)
        if here is not None:
            await here.close()
        for loop, other in list(self._here.items()):
            del self._here[loop]
            if loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(other.close(), loop))
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.dispose()
        self._give_name_back()

    def _refuse_another(self) -> None:
        """Refuse to take a name from an application that is running: its queries would go to this database."""
        other = _installed.get(self.alias)
        if other is None or other is self or not other._is_open or other._app is None or self._app is None:
            return
        if other._app is not self._app and other.url != self.url:
            raise SetupError(
                f"Two applications in this process have a database '{self.alias}': {other!r} and {self!r}.",
                hint="Give one of them another name, Database(url, alias='archive'), and say it in Meta.database of its models.",
            )

    def _give_name_back(self) -> None:
        self._is_open = False
        if _installed.get(self.alias) is self:
            if self._outer is None or self._outer is self:
                del _installed[self.alias]
            else:
                _installed[self.alias] = self._outer
            return
        # Somebody opened later still has the name: then it goes past this one.
        later = _installed.get(self.alias)
        while later is not None and later._outer is not self:
            later = None if later._outer is later else later._outer
        if later is not None:
            later._outer = None if self._outer is self else self._outer

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    # Connections ------------------------------------------------------------------------------------------------

    def _current(self) -> Opened:
        loop = asyncio.get_running_loop()
        here = self._here.get(loop)
        if here is None:
            for closed in [known for known in self._here if known.is_closed()]:
                del self._here[closed]
            here = self._here[loop] = Opened(self.url, self.settings, self._memory)
        return here

    @property
    def _memory(self) -> str:
        return f"file:trine-{id(self)}?mode=memory&cache=shared"

    @property
    def pool(self) -> Pool:
        """The connections of the running event loop."""
        return self._current().pool

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine for the same database, with connections of its own: for `AsyncSession` and Core."""
        if self._engine is None:
            is_memory = is_in_memory(self.url)
            self._engine = (
                create_async_engine(f"sqlite+aiosqlite:///{self._memory}&uri=true")
                if is_memory
                else create_async_engine(self.url, pool_size=self.settings.pool_size)
            )
        return self._engine

    def session(self, **options: Any) -> AsyncSession:
        """A session of SQLAlchemy. Inside `atomic()` it is on the transaction's connection, which decides what is kept."""
        transaction = self.transaction
        if transaction is None:
            return AsyncSession(self.engine, expire_on_commit=False, **options)
        held = getattr(transaction.connection, "held", None)
        if held is None or self.dialect.name != "postgresql":
            # On the others a session's own commit would end the transaction.
            self.dialect.refuse("share a transaction of Trine's with an AsyncSession", "Use the session outside of atomic().")
        return AsyncSession(held, expire_on_commit=False, **options)

    # Statements -------------------------------------------------------------------------------------------------

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, writes: bool = False) -> Sequence[Row]:
        """Run a statement and give its rows: in the transaction around, else on a connection of its own."""
        if self._watchers:
            return await self._watched(self._fetch, sql, args, writes)  # type: ignore[no-any-return] # what _fetch gives
        return await self._fetch(sql, args, writes)

    async def _fetch(self, sql: str, args: Sequence[Any], writes: bool) -> Sequence[Row]:
        transaction = self._transaction.get() or self._pinned
        if transaction is not None and not transaction.is_over:
            return await transaction.fetch(sql, args)
        here = self._current()
        if writes:
            return await self._write(here, "fetch", sql, args)  # type: ignore[no-any-return] # rows of a connection
        pool = here.pool if not here.replicas else self._reading(here)
        idle = pool.idle
        connection = idle.pop() if idle else await pool.acquire()
        if connection.is_broken:
            pool.release(connection)
            connection = await pool.acquire()
        try:
            rows = await connection.fetch(sql, args)
        except DatabaseUnavailable:
            pool.release(connection)
            return await self._read_again(pool, sql, args)
        except asyncio.CancelledError:
            pool.release_after_cancellation(connection)
            raise
        except BaseException:
            pool.release(connection)
            raise
        pool.release(connection)
        return rows

    async def _read_again(self, pool: Pool, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        """Read once more, on a new connection: the old one may have been idle while the database was restarted."""
        pool.drop_idle()
        return await self._run_on(pool, "fetch", sql, args)  # type: ignore[no-any-return] # rows of a connection

    def _reading(self, here: Opened) -> Pool:
        if self._has_written.get():
            # Whoever has written reads what was written, not a copy that may be late.
            return here.pool
        return here.next_replica()

    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows. It may write."""
        return await self._change("fetch_named", sql, args)  # type: ignore[no-any-return] # what fetch_named() gives

    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        return await self._change("run", sql, args)  # type: ignore[no-any-return] # what run() gives

    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """Run an INSERT and give the key that was counted, where there is no RETURNING."""
        return await self._change("insert", sql, args)

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""
        await self._change("run_many", sql, rows)

    async def _change(self, how: str, sql: str, args: Any) -> Any:
        if self._watchers:
            return await self._watched(self._changed, how, sql, args)
        return await self._changed(how, sql, args)

    async def _changed(self, how: str, sql: str, args: Any) -> Any:
        transaction = self._transaction.get() or self._pinned
        if transaction is not None and not transaction.is_over:
            return await getattr(transaction, how)(sql, args)
        return await self._write(self._current(), how, sql, args)

    async def _write(self, here: Opened, how: str, sql: str, args: Any) -> Any:
        if here.replicas:
            self._has_written.set(True)
        if self.dialect.name != "sqlite":
            return await self._run_on(here.pool, how, sql, args)
        await here.take_turn()
        try:
            return await self._run_on(here.pool, how, sql, args)
        finally:
            here.end_turn()

    async def _run_on(self, pool: Pool, how: str, sql: str, args: Any) -> Any:
        connection = await pool.acquire()
        try:
            result = await getattr(connection, how)(sql, args)
        except asyncio.CancelledError:
            pool.release_after_cancellation(connection)
            raise
        except BaseException:
            pool.release(connection)
            raise
        pool.release(connection)
        return result

    # Transactions -----------------------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that statements run in here; None where each is its own."""
        transaction = self._transaction.get() or self._pinned
        return None if transaction is None or transaction.is_over else transaction

    @property
    def is_pinned(self) -> bool:
        """Whether everything runs in one transaction that a test undoes."""
        return self._pinned is not None

    def enter(self, transaction: Transaction | None) -> Token[Transaction | None]:
        """Run what follows in a transaction, or with None in none."""
        return self._transaction.set(transaction)

    def leave(self, token: Token[Transaction | None]) -> None:
        """Run what follows as before."""
        self._transaction.reset(token)

    @contextmanager
    def inside(self, transaction: Transaction | None) -> Iterator[None]:
        """Run what is inside in a transaction, or with None in none."""
        token = self.enter(transaction)
        try:
            yield
        finally:
            self.leave(token)

    async def begin(self, *, isolation: str | None = None, read_only: bool = False) -> Transaction:
        """Begin a transaction; `end` ends it. `atomic()` does both."""
        here = self._current()
        is_sqlite = self.dialect.name == "sqlite"
        if is_sqlite and not read_only:
            await here.take_turn()
        if here.replicas and not read_only:
            self._has_written.set(True)
        connection: Connection | None = None
        try:
            connection = await here.pool.acquire()
            for command in self._begin_commands(isolation, read_only=read_only):
                await connection.command(command)
        except BaseException as error:
            if connection is not None and isinstance(error, asyncio.CancelledError):
                here.pool.release_after_cancellation(connection)
            elif connection is not None:
                here.pool.release(connection)
            if is_sqlite and not read_only:
                here.end_turn()
            raise
        transaction = Transaction(self, connection)
        transaction.holds_turn = is_sqlite and not read_only
        return transaction

    def _begin_commands(self, isolation: str | None, *, read_only: bool) -> list[str]:
        level = isolation.upper() if isolation else None
        if self.dialect.name == "sqlite":
            # Every transaction of SQLite is serializable. One that may write says so at once, and never has to be upgraded.
            return ["BEGIN" if read_only else "BEGIN IMMEDIATE"]
        if self.dialect.name == "mysql":
            begin = "START TRANSACTION READ ONLY" if read_only else "START TRANSACTION"
            return [f"SET TRANSACTION ISOLATION LEVEL {level}", begin] if level else [begin]
        return ["BEGIN" + (f" ISOLATION LEVEL {level}" if level else "") + (" READ ONLY" if read_only else "")]

    async def end(self, transaction: Transaction, *, commit: bool) -> None:
        """End a transaction, once the statements of its tasks have had their turn. What is broken is undone."""
        async with transaction.last_turn() as connection:
            await self._end(transaction, connection, commit=commit)

    async def _end(self, transaction: Transaction, connection: Connection, *, commit: bool) -> None:
        here = self._current()
        is_kept = commit and not transaction.is_broken and not transaction.savepoints
        try:
            if connection.is_broken:
                if commit:
                    raise DatabaseUnavailable("the connection broke before the commit")
                return
            if is_kept:
                await connection.command("COMMIT")
            else:
                await connection.rollback()
        except BaseException:
            if not commit:
                # Nothing was kept anyway: the connection goes, and its transaction with it.
                connection.is_broken = True
            elif self.dialect.name == "sqlite":
                await connection.recover()
            raise
        finally:
            here.pool.release(connection)
            if transaction.holds_turn:
                here.end_turn()
        if commit and not is_kept:
            transaction.check()
            raise TransactionError(
                "A task was still inside an `async with atomic():` of this transaction when it ended, so nothing of it was kept. "
                "Wait for the task inside, or begin it outside."
            )

    @contextmanager
    def pinned(self, transaction: Transaction) -> Iterator[None]:
        """Run everything, whoever asks, in one transaction: for tests, which undo it."""
        before, self._pinned = self._pinned, transaction
        try:
            yield
        finally:
            self._pinned = before

    # Watching ---------------------------------------------------------------------------------------------------

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call a function after every statement. Gives a function that ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    @contextmanager
    def queries(self) -> Iterator[list[Ran]]:
        """Gather the statements that are run meanwhile, whoever asks them."""
        gathered: list[Ran] = []
        stop = self.watch(gathered.append)
        try:
            yield gathered
        finally:
            stop()

    async def _watched(self, run: Callable[..., Any], *arguments: Any) -> Any:
        sql, args = (arguments[0], arguments[1]) if run == self._fetch else (arguments[1], arguments[2])
        began = time.perf_counter()
        try:
            return await run(*arguments)
        finally:
            ran = Ran(sql, args, time.perf_counter() - began, self.alias)
            for watcher in list(self._watchers):
                watcher(ran)

    # Tables -----------------------------------------------------------------------------------------------------

    async def create_all(self) -> None:
        """Make the tables of every model that has none: for tests and first steps. Migrations do it for the rest of its life."""
        await create_tables(self)

    async def drop_all(self) -> None:
        """Drop the tables of every model, and everything in them."""
        await drop_tables(self)

    async def table_names(self) -> list[str]:
        """The tables that there are."""
        return await table_names(self)

    def __repr__(self) -> str:
        return f"<Database {self.alias} {self.url.render_as_string(hide_password=True)}>"


_installed: dict[str, Database] = {}


def find_database(using: str | Database | None = None) -> Database:
    """The database of an alias. Raises where none is installed."""
    if isinstance(using, Database):
        return using
    found = _installed.get(using or "default")
    if found is None:
        name = "" if using in (None, "default") else f"alias='{using}'"
        raise DatabaseError(
            f"No database '{using or 'default'}' is installed. Add app.install(Database({name})), "
            f"or open one: async with Database({name}):"
        )
    return found


def databases() -> Mapping[str, Database]:
    """The databases that are installed, by alias."""
    return _installed
