"""SQLite: Python's own module in worker threads, one hop a statement."""

import asyncio
import re
import sqlite3
import struct
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

from trine.concurrency import ThreadPool

from .connection import Connection, Row
from .errors import Conflict, DatabaseError, DatabaseUnavailable, IntegrityError, InvalidValue, SerializationFailure

_CACHED_STATEMENTS = 256
_ERRORS = (sqlite3.Error, OverflowError, UnicodeError)


class _Interruption(asyncio.Future[Any]):
    """What a statement in a thread becomes. A thread cannot be left alone: cancelling interrupts it, and waits for its end."""

    raw: sqlite3.Connection | None = None

    def cancel(self, msg: Any | None = None) -> bool:
        if self.raw is not None:
            self.raw.interrupt()
        # Not cancelled: the task that waits is, as soon as the thread is done.
        return False


class SQLiteConnection(Connection):
    """One connection to a file, used by one thread at a time."""

    def __init__(self, raw: sqlite3.Connection, threads: ThreadPool, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.raw = raw
        self._threads = threads
        self._loop = loop
        self._execute = raw.execute

    @classmethod
    async def connect(cls, path: str, threads: ThreadPool, *, lock_timeout: float, is_uri: bool) -> "SQLiteConnection":
        """Open a file."""
        loop = asyncio.get_running_loop()
        opened: list[sqlite3.Connection] = []
        is_wanted = True

        def open_file() -> None:
            raw = sqlite3.connect(
                path,
                check_same_thread=False,
                isolation_level=None,
                cached_statements=_CACHED_STATEMENTS,
                timeout=lock_timeout,
                uri=is_uri,
            )
            try:
                prepare(raw)
            except BaseException:
                raw.close()
                raise
            # Kept first, asked second; who gives up does it the other way round: one of the two finds it and closes it.
            opened.append(raw)
            if not is_wanted:
                _close_one_of(opened)

        try:
            await threads.submit(loop, open_file)
        except sqlite3.Error as error:
            raise DatabaseUnavailable(f"{path}: {error}") from error
        except BaseException:
            is_wanted = False
            _close_one_of(opened)
            raise
        raw = opened.pop()
        return cls(raw, threads, loop)

    def _in_thread(self, function: Any, *args: Any) -> Any:
        future = _Interruption(loop=self._loop)
        future.raw = self.raw
        return self._threads.submit(self._loop, function, args, None, future)

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """Run a statement and give its rows."""
        try:
            rows: Sequence[Row] = await self._in_thread(self._fetch, sql, args)
        except _ERRORS as error:
            raise translate(error, sql) from error
        return rows

    def _fetch(self, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        return self._execute(sql, args).fetchall()

    async def fetch_named(self, sql: str, args: Sequence[Any] = ()) -> tuple[list[str], Sequence[Row]]:
        """Run a statement and give the names of its columns, and its rows."""

        def fetch() -> tuple[list[str], Sequence[Row]]:
            cursor = self._execute(sql, args)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

        try:
            return await self._in_thread(fetch)  # type: ignore[no-any-return] # a future of ours
        except _ERRORS as error:
            raise translate(error, sql) from error

    async def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        try:
            return await self._in_thread(self._run, sql, args)  # type: ignore[no-any-return] # a future of ours
        except _ERRORS as error:
            raise translate(error, sql) from error

    def _run(self, sql: str, args: Sequence[Any]) -> int:
        # No cursor leaves its thread: where it is freed, it resets a statement that the next thread may be using.
        return self._execute(sql, args).rowcount

    async def insert(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """SQLite has RETURNING."""
        return (await self.fetch(sql, args))[0][0]

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of several rows of values."""
        try:
            await self._in_thread(self._run_many, sql, rows)
        except _ERRORS as error:
            raise translate(error, sql) from error

    def _run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.raw.executemany(sql, rows)

    async def command(self, sql: str) -> None:
        """Run a statement without values."""
        await self.run(sql)

    async def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Row]]:
        """Give rows in parts."""
        try:
            cursor = await self._in_thread(self._execute, sql, args)
            try:
                while rows := await self._in_thread(cursor.fetchmany, size):
                    yield rows
            finally:
                await self._in_thread(cursor.close)
        except _ERRORS as error:
            raise translate(error, sql) from error

    async def close(self) -> None:
        """Close the file."""
        self.is_broken = True
        await self._in_thread(self.raw.close)

    def terminate(self) -> None:
        """Close the file, as soon as no thread uses it."""
        self.is_broken = True
        self.raw.interrupt()
        threading.Thread(target=self.raw.close, daemon=True).start()

    async def rollback(self) -> None:
        """Undo the transaction, unless SQLite has: it does where a statement that writes is interrupted (sqlite3_interrupt)."""
        if self.raw.in_transaction:
            await super().rollback()

    async def recover_savepoint(self, name: str) -> bool:
        """Undo everything since a savepoint. False where a statement that writes was interrupted: nothing is left then."""
        return self.raw.in_transaction and await super().recover_savepoint(name)

    async def recover(self) -> None:
        """An interrupted statement leaves nothing behind but its transaction."""
        await self.rollback()


def _close_one_of(opened: list[sqlite3.Connection]) -> None:
    with suppress(IndexError):
        opened.pop().close()


def prepare(raw: sqlite3.Connection) -> None:
    """Set a connection up: write-ahead log, foreign keys, and the functions that lookups use."""
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.create_function("trine_fold", 1, _fold, deterministic=True)
    raw.create_function("trine_regex", 3, _regex, deterministic=True)
    raw.create_function("trine_distance", 3, _distance, deterministic=True)


def _fold(text: Any) -> Any:
    return None if text is None else str(text).casefold()


def _regex(pattern: str, text: Any, ignore_case: int) -> Any:
    return None if text is None else re.search(pattern, str(text), re.IGNORECASE if ignore_case else 0) is not None


def _distance(kind: str, left: bytes | None, right: bytes | None) -> float | None:
    if left is None or right is None or len(left) != len(right):
        return None
    count = len(left) // 4
    a, b = struct.unpack(f"<{count}f", left), struct.unpack(f"<{count}f", right)
    if kind == "l2":
        return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)
    inner = float(sum(x * y for x, y in zip(a, b, strict=True)))
    if kind == "inner":
        return -inner
    lengths = (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
    lengths = float(lengths)
    return 1 - inner / lengths if lengths else None


_UNAVAILABLE = ("full", "disk I/O", "unable to open", "readonly", "interrupted", "closed database")
_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


def translate(error: BaseException, sql: str) -> Exception:
    """An error of the driver in Trine's words."""
    text = str(error)
    if isinstance(error, OverflowError):
        return InvalidValue("A number does not fit into 64 bits.")
    if isinstance(error, sqlite3.IntegrityError):
        found = _UNIQUE.match(text)
        kind = Conflict if "UNIQUE" in text or "FOREIGN KEY" in text else IntegrityError
        return kind(text, constraint=found[1] if found else text.rpartition(": ")[2] or None)
    if "user-defined function" in text:
        return InvalidValue("A regular expression cannot be read, or a value does not fit a function.")
    if isinstance(error, sqlite3.DataError | UnicodeError):
        return InvalidValue(text)
    if "locked" in text or "busy" in text:
        return SerializationFailure(f"{text}: another connection is writing.")
    if any(word in text for word in _UNAVAILABLE):
        return DatabaseUnavailable(text)
    return DatabaseError(f"{text} in: {sql}")
