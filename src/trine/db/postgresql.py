"""PostgreSQL: asyncpg's connections, with statements that each connection prepares once."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .connection import Connection, Row
from .errors import Conflict, DatabaseError, DatabaseUnavailable, IntegrityError, InvalidValue, SerializationFailure

_PREPARED = 500
_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class PostgreSQLConnection(Connection):
    """A connection of SQLAlchemy's pool, kept, and used through its driver."""

    def __init__(self, held: AsyncConnection, raw: Any) -> None:
        super().__init__()
        self.held = held
        self.raw = raw
        self._prepared: dict[str, Any] = {}

    @classmethod
    async def connect(cls, engine: AsyncEngine) -> "PostgreSQLConnection":
        """Take a connection out of the engine, for as long as it lives."""
        try:
            held = await engine.connect()
            fairy = await held.get_raw_connection()
        except Exception as error:
            raise _unreachable(error) from error
        return cls(held, fairy.driver_connection)

    @property
    def is_broken(self) -> bool:
        """Whether it must not be used again, also because the server or the network has ended it."""
        return self._is_broken or self.raw.is_closed()

    @is_broken.setter
    def is_broken(self, is_broken: bool) -> None:
        self._is_broken = is_broken

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """Run a statement and give its rows."""
        try:
            statement = self._prepared.get(sql) or await self._prepare(sql)
            rows: Sequence[Row] = await statement.fetch(*args)
        except _ERRORS as error:
            if self._is_outdated(error, sql):
                return await self.fetch(sql, args)
            raise self._translated(error, sql) from error
        return rows

    async def _prepare(self, sql: str) -> Any:
        if len(self._prepared) >= _PREPARED:
            self._prepared.clear()
        statement = self._prepared[sql] = await self.raw.prepare(sql)
        return statement

    def _is_outdated(self, error: BaseException, sql: str) -> bool:
        """Whether a table was changed since the statement was prepared: then it is prepared anew, outside of transactions."""
        outdated = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
        return isinstance(error, outdated) and self._prepared.pop(sql, None) is not None and not self.raw.is_in_transaction()

    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows."""
        rows = await self.fetch(sql, args)
        return [attribute.name for attribute in self._prepared[sql].get_attributes()], rows

    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        try:
            statement = self._prepared.get(sql) or await self._prepare(sql)
            await statement.fetch(*args)
        except _ERRORS as error:
            if self._is_outdated(error, sql):
                return await self.run(sql, args)
            raise self._translated(error, sql) from error
        count = (statement.get_statusmsg() or "").rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """PostgreSQL has RETURNING."""
        return (await self.fetch(sql, args))[0][0]

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""
        try:
            await self.raw.executemany(sql, rows)
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def command(self, sql: str) -> None:
        """Run a statement without values."""
        try:
            await self.raw.execute(sql)
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Row]]:
        """Give rows in parts, by a cursor of the server."""
        try:
            cursor = await self.raw.cursor(sql, *args)
            while rows := await cursor.fetch(size):
                yield rows
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    def _translated(self, error: BaseException, sql: str) -> Exception:
        made = translate(error, sql)
        self.is_broken = isinstance(made, DatabaseUnavailable)
        return made

    async def close(self) -> None:
        """Say good-bye."""
        self.is_broken = True
        self._prepared.clear()
        await self.held.invalidate()
        await self.held.close()

    def terminate(self) -> None:
        """Drop the connection."""
        self.is_broken = True
        self._prepared.clear()
        self.raw.terminate()

    async def recover(self) -> None:
        """Wait until the server has given up the cancelled statement."""
        try:
            if self.raw.is_in_transaction():
                await self.raw.execute("ROLLBACK")
            else:
                await self.raw.execute("SELECT 1")
        except Exception:  # noqa: BLE001 - whatever it is, the connection is no good
            self.is_broken = True


def _unreachable(error: Exception) -> Exception:
    if isinstance(error, OSError | asyncpg.PostgresError | asyncpg.InterfaceError | TimeoutError):
        return DatabaseUnavailable(str(error) or type(error).__name__)
    if type(error).__module__.startswith("sqlalchemy"):
        return DatabaseUnavailable(str(getattr(error, "orig", error)))
    return error


def translate(error: BaseException, sql: str) -> Exception:
    """An error of the driver in Trine's words."""
    text = str(error)
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith("23"):
        kind = Conflict if state in ("23503", "23505", "23P01", "23001") else IntegrityError
        return kind(f"{text}{_detail(error)}", constraint=getattr(error, "constraint_name", None))
    if state in ("40001", "40P01", "55P03"):
        return SerializationFailure(text)
    if state.startswith("22") or isinstance(error, asyncpg.DataError) or "in tsquery" in text:
        return InvalidValue(text)
    if state.startswith(("08", "57P", "53")) or isinstance(error, OSError | asyncpg.InternalClientError):
        return DatabaseUnavailable(text or type(error).__name__)
    if isinstance(error, asyncpg.InterfaceError):
        is_value = isinstance(error, ValueError | TypeError)
        return InvalidValue(text) if is_value else DatabaseUnavailable(text)
    return DatabaseError(f"{text}{_detail(error)} in: {sql}")


def _detail(error: BaseException) -> str:
    detail = getattr(error, "detail", None)
    return f" ({detail})" if detail else ""
