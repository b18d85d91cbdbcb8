"""MariaDB and MySQL: asyncmy's connections."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice
from typing import Any

from asyncmy import errors
from asyncmy.cursors import SSCursor
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from .connection import Connection, Row
from .errors import Conflict, DatabaseError, DatabaseUnavailable, IntegrityError, InvalidValue, SerializationFailure

_ERRORS = (errors.Error, OSError, UnicodeError)
_RETRIED = {1205, 1213}
_GONE = {1040, 1053, 2002, 2003, 2006, 2013, 2014, 2055}
_CONSTRAINTS = {1048, 1062, 1169, 1216, 1217, 1364, 1451, 1452, 1557, 3819, 4025}
_CONFLICTS = {1062, 1169, 1216, 1217, 1451, 1452, 1557}
_VALUES = {1139, 1264, 1265, 1292, 1366, 1406, 1690}


class MySQLConnection(Connection):
    """A connection of SQLAlchemy's pool, kept, and used through its driver."""

    survives_cancellation = False

    def __init__(self, held: AsyncConnection, raw: Any) -> None:
        super().__init__()
        self.held = held
        self.raw = raw
        self._streaming: _Streaming | None = None

    @classmethod
    async def connect(cls, engine: AsyncEngine) -> "MySQLConnection":
        """Take a connection out of the engine, for as long as it lives. Its times are UTC, and nothing is cut short silently."""
        try:
            held = await engine.connect()
            fairy = await held.get_raw_connection()
            made = cls(held, fairy.driver_connection)
            await made.command("SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,ANSI_QUOTES')")
        except Exception as error:
            raise _unreachable(error) from error
        return made

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """Run a statement and give its rows."""
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor() as cursor:
                await cursor.execute(sql, args or None)
                rows: Sequence[Row] = await cursor.fetchall()
        except _ERRORS as error:
            raise self._translated(error, sql) from error
        return rows

    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows."""
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor() as cursor:
                await cursor.execute(sql, args or None)
                rows: Sequence[Row] = await cursor.fetchall()
                return [column[0] for column in cursor.description or ()], rows
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it found to change."""
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor() as cursor:
                await cursor.execute(sql, args or None)
                return int(cursor.rowcount)
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """Run an INSERT and give the key that was counted."""
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor() as cursor:
                await cursor.execute(sql, args or None)
                return cursor.lastrowid
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor() as cursor:
                await cursor.executemany(sql, list(rows))
        except _ERRORS as error:
            raise self._translated(error, sql) from error

    async def command(self, sql: str) -> None:
        """Run a statement without values."""
        await self.run(sql)

    async def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Row]]:
        """Give rows in parts, as the server sends them."""
        streaming = None
        try:
            if self._streaming is not None:
                await self._streaming.read_rest()
            async with self.raw.cursor(SSCursor) as cursor:
                await cursor.execute(sql, args or None)
                streaming = self._streaming = _Streaming(cursor)
                while rows := await streaming.read(size):
                    yield rows
        except _ERRORS as error:
            raise self._translated(error, sql) from error
        finally:
            if self._streaming is streaming:
                self._streaming = None

    def _translated(self, error: BaseException, sql: str) -> Exception:
        made = translate(error, sql)
        self.is_broken = self.is_broken or isinstance(made, DatabaseUnavailable)
        return made

    async def close(self) -> None:
        """Say good-bye."""
        self.is_broken = True
        await self.held.invalidate()
        await self.held.close()

    def terminate(self) -> None:
        """Drop the connection."""
        self.is_broken = True
        self.raw.close()


class _Streaming:
    """Rows on their way. The server sends nothing else before the last: what comes between takes them into memory."""

    def __init__(self, cursor: SSCursor) -> None:
        self._cursor = cursor
        self._rest: Iterator[Row] | None = None

    async def read(self, size: int) -> Sequence[Row]:
        """The next rows, none at the end."""
        if self._rest is None:
            rows: Sequence[Row] = await self._cursor.fetchmany(size)
            return rows
        return list(islice(self._rest, size))

    async def read_rest(self) -> None:
        """Take the rows that are on their way."""
        if self._rest is None:
            self._rest = iter(await self._cursor.fetchall())


def _unreachable(error: Exception) -> Exception:
    if isinstance(error, OSError | errors.Error | TimeoutError):
        return DatabaseUnavailable(str(error))
    if type(error).__module__.startswith("sqlalchemy"):
        return DatabaseUnavailable(str(getattr(error, "orig", error)))
    return error


def translate(error: BaseException, sql: str) -> Exception:
    """An error of the driver in Trine's words."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    if code in _CONSTRAINTS or isinstance(error, errors.IntegrityError):
        kind = Conflict if code in _CONFLICTS else IntegrityError
        return kind(text, constraint=text.rpartition("for key ")[2].strip("'`") or None)
    if code in _RETRIED:
        return SerializationFailure(text)
    if code in _GONE or isinstance(error, OSError):
        return DatabaseUnavailable(text)
    if code in _VALUES or isinstance(error, errors.DataError | UnicodeError):
        return InvalidValue(text)
    return DatabaseError(f"{text} in: {sql}")
