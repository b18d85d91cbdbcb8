"""A log in the database, for several processes and machines that have one anyway."""
# ruff: noqa: S608 - the names are the log's own, and values never become text

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import AsyncIterable
from contextvars import Context
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from trine.db import Database, SerializationFailure, TransactionError, atomic, find_database, on_commit
from trine.db.raw import positioned
from trine.db.tables import make_missing
from trine.errors import SetupError

from .entry import Record, decode_record, encode_record
from .log import LEASE, EventLog
from .position import Bounds, Position
from .tail import Tail

logger = logging.getLogger("trine.replay")

_AT_ONCE = 500
"""Events that are read in one go, and streams that are looked at in one query."""
_SWEPT_ONE_IN = 200
"""So seldom an event also deletes what has expired."""
_ATTEMPTS = 5


class SQLEventLog(EventLog):
    """Keeps events in two tables of a database, the installed one unless another is named by alias.

    The tables, `trine_event_stream` and `trine_event`, are made at the first use. Followers in the process that adds an event
    hear of it at once, those in others within `poll_interval` seconds: one query looks at all streams that a process follows.
    An event that is added inside `atomic()` is a part of that transaction: a rollback undoes it, and until its end others who
    add to the same stream wait. `resume` is refused there, because its source outlives the transaction.
    """

    def __init__(
        self,
        database: str | Database | None = None,
        *,
        poll_interval: float = 0.5,
        max_events: int = 10_000,
        max_age: float = 3600.0,
    ) -> None:
        super().__init__(max_events=max_events, max_age=max_age)
        if poll_interval <= 0:
            raise SetupError(f"SQLEventLog has poll_interval={poll_interval}.", hint="It must be positive.")
        self.poll_interval = poll_interval
        self._using = database
        self._seen: dict[str, Position] = {}
        """How far each stream that is followed here was read."""
        self._names: dict[str, str] = {}
        """The streams that are followed, by their keys."""
        self._poller: asyncio.Task[None] | None = None
        self._poke: asyncio.Event | None = None

    async def close(self) -> None:
        """End what is still being recorded, and look for events no more."""
        await super().close()
        poller, self._poller = self._poller, None
        if poller is not None:
            poller.cancel()
            await asyncio.wait([poller])

    def _new_tail(self, stream: str) -> Tail:
        return Tail()

    async def _append(self, stream: str, record: Record) -> Position:
        database = await self._database()
        position: Position = await self._again(self._add, stream, record)
        on_commit(self._look, database)
        if random.randrange(_SWEPT_ONE_IN) == 0:  # noqa: S311 - no secret
            await self.sweep()
        return position

    async def _add(self, stream: str, record: Record) -> Position:
        key, now = _key(stream), time.time()
        values = {"stream": key, "life": _new_life(now), "now": now, "expires": now + self.max_age, "ended": int(record.is_end)}
        # One statement counts, and holds the stream until the commit: numbers become visible in their order.
        sql = (
            "INSERT INTO trine_event_stream (stream, life, last, ended, recorded_until, expires) "
            f"VALUES (:stream, :life, 1, :ended, 0, :expires) {await self._on_conflict()}"
        )
        if (await self._database()).dialect.name == "mysql":
            await self._run(sql, **values)
            [[life, last]] = await self._fetch("SELECT life, last FROM trine_event_stream WHERE stream = :stream", stream=key)
        else:
            [[life, last]] = await self._fetch(f"{sql} RETURNING life, last", **values)
        event = {"stream": key, "life": life, "number": last, "record": encode_record(record), "expires": now + self.max_age}
        await self._run(
            "INSERT INTO trine_event (stream, life, number, record, expires) VALUES (:stream, :life, :number, :record, :expires)",
            **event,
        )
        if last == 1:
            await self._run("DELETE FROM trine_event WHERE stream = :stream AND life <> :life", stream=key, life=life)
        if last > self.max_events:
            forgotten = {"stream": key, "life": life, "number": last - self.max_events}
            await self._run("DELETE FROM trine_event WHERE stream = :stream AND life = :life AND number <= :number", **forgotten)
        return Position(life, last)

    async def _on_conflict(self) -> str:
        # MariaDB reads the new value of what was set before: `expires`, on which the others depend, comes last.
        if (await self._database()).dialect.name == "mysql":
            new, old = "VALUES({})", "{}"
            start = "ON DUPLICATE KEY UPDATE"
        else:
            new, old = "excluded.{}", "trine_event_stream.{}"
            start = "ON CONFLICT (stream) DO UPDATE SET"
        gone = f"{old.format('expires')} <= :now"
        return (
            f"{start} last = CASE WHEN {gone} THEN 1 ELSE {old.format('last')} + 1 END, "
            f"life = CASE WHEN {gone} THEN {new.format('life')} ELSE {old.format('life')} END, "
            f"ended = {new.format('ended')}, expires = {new.format('expires')}"
        )

    async def _bounds(self, stream: str) -> Bounds | None:
        key, now = _key(stream), time.time()
        rows = await self._fetch(
            "SELECT life, last, (SELECT MIN(number) FROM trine_event e WHERE e.stream = s.stream AND e.life = s.life "
            "AND e.expires > :now) FROM trine_event_stream s WHERE stream = :stream AND expires > :then",
            now=now,
            stream=key,
            then=now,
        )
        if not rows:
            return None
        life, last, first = rows[0]
        return Bounds(life, last + 1 if first is None else first, last)

    async def _read(self, stream: str, position: Position) -> list[Record]:
        rows = await self._fetch(
            "SELECT number, record FROM trine_event WHERE stream = :stream AND life = :life AND number > :number "
            f"ORDER BY number LIMIT {_AT_ONCE}",
            stream=_key(stream),
            life=position.life,
            number=position.number,
        )
        # What begins later was forgotten in between.
        return [decode_record(row[1]) for row in rows] if rows and rows[0][0] == position.number + 1 else []

    async def sweep(self) -> int:
        """Delete events that are too old, and give how many that were. An event that is added does it now and then."""
        now = time.time()
        count = await self._run("DELETE FROM trine_event WHERE expires <= :now", now=now)
        await self._run("DELETE FROM trine_event_stream WHERE expires <= :now AND recorded_until <= :then", now=now, then=now)
        return count

    # Listening --------------------------------------------------------------------------------------------------

    async def _listen(self, stream: str) -> None:
        if stream not in self._seen:
            bounds = await self._bounds(stream)
            if stream in self._tails:
                self._seen.setdefault(stream, Position(0, 0) if bounds is None else bounds.end)
                self._names[_key(stream)] = stream
        if self._poller is None or self._poller.done() or self._poller.get_loop() is not asyncio.get_running_loop():
            self._poke = asyncio.Event()
            # In a context of its own: the transaction of whoever follows first is not the poller's.
            self._poller = asyncio.get_running_loop().create_task(self._poll(self._poke), name="poll events", context=Context())

    async def _leave(self, stream: str) -> None:
        del self._tails[stream]
        self._seen.pop(stream, None)
        self._names.pop(_key(stream), None)

    def _look(self) -> None:
        """Let the poller look at once."""
        if self._poke is not None and self._poller is not None and self._poller.get_loop() is asyncio.get_running_loop():
            self._poke.set()

    async def _poll(self, poke: asyncio.Event) -> None:
        is_failing = False
        while True:
            try:
                async with asyncio.timeout(self.poll_interval):
                    await poke.wait()
            except TimeoutError:
                pass
            poke.clear()
            try:
                await self._look_at_all()
                is_failing = False
            except Exception:
                # Followers wait until the database is there again. It is said once.
                if not is_failing:
                    logger.exception("The database does not tell of new events; asking again.")
                is_failing = True

    async def _look_at_all(self) -> None:
        keys = list(self._names)
        for begin in range(0, len(keys), _AT_ONCE):
            part = keys[begin : begin + _AT_ONCE]
            # Few different lengths, so that few different statements are prepared: the last key fills up.
            length = 1 << (len(part) - 1).bit_length()
            asked = {f"k{number}": part[min(number, len(part) - 1)] for number in range(length)}
            places = ", ".join(f":{name}" for name in asked)
            found = await self._fetch(f"SELECT stream, life, last FROM trine_event_stream WHERE stream IN ({places})", **asked)
            for key, life, last in found:
                await self._bring(self._names.get(key), Position(life, last))

    async def _bring(self, stream: str | None, newest: Position) -> None:
        """Put what is new in a stream into its tail."""
        seen = self._seen.get(stream) if stream is not None else None
        if stream is None or seen is None or seen == newest:
            return
        begin = seen if seen.life == newest.life else Position(newest.life, 0)
        while begin.number < newest.number:
            records = await self._read(stream, begin)
            tail = self._tails.get(stream)
            if tail is None:
                return
            if not records:
                # Not all of it is kept any more: followers see for themselves.
                begin = newest
                tail.restart()
            for record in records:
                begin = Position(begin.life, begin.number + 1)
                tail.add(begin, record)
        if begin.number == 0 and stream in self._tails:
            self._tails[stream].restart()
        if stream in self._seen:
            self._seen[stream] = begin

    # Recording --------------------------------------------------------------------------------------------------

    async def _record(self, stream: str, source: AsyncIterable[Any]) -> None:
        # It runs on when the request and its transaction have ended.
        (await self._database()).enter(None)
        await super()._record(stream, source)

    async def _claim(self, stream: str) -> bool:
        database = await self._database()
        if database.transaction is not None and not database.is_pinned:
            raise TransactionError("resume() is inside atomic(), but its source outlives the transaction. Call it outside.")
        is_claimed: bool = await self._again(self._take_over, stream)
        self._look()
        return is_claimed

    async def _take_over(self, stream: str) -> bool:
        key, now = _key(stream), time.time()
        values = {"stream": key, "life": _new_life(now), "expires": now + self.max_age, "until": now + LEASE}
        name = "mysql" if (await self._database()).dialect.name == "mysql" else ""
        ignoring = ("INSERT IGNORE", "") if name else ("INSERT", "ON CONFLICT (stream) DO NOTHING")
        made = await self._run(
            f"{ignoring[0]} INTO trine_event_stream (stream, life, last, ended, recorded_until, expires) "
            f"VALUES (:stream, :life, 0, 0, :until, :expires) {ignoring[1]}",
            **values,
        )
        if made:
            return True
        taken = await self._run(
            "UPDATE trine_event_stream SET life = CASE WHEN life < :life THEN :larger ELSE life + 1 END, last = 0, ended = 0, "
            "recorded_until = :until, expires = :expires "
            "WHERE stream = :stream AND recorded_until <= :now AND (ended = 0 OR expires <= :then)",
            **values,
            larger=values["life"],
            now=now,
            then=now,
        )
        if taken:
            await self._run("DELETE FROM trine_event WHERE stream = :stream", stream=key)
        return bool(taken)

    async def _renew(self, stream: str) -> None:
        now = time.time()
        until = {"until": now + LEASE, "expires": now + self.max_age, "stream": _key(stream)}
        sql = "UPDATE trine_event_stream SET recorded_until = :until, expires = :expires WHERE stream = :stream"
        await self._run(sql, **until)

    async def _is_recorded(self, stream: str) -> bool:
        sql = "SELECT 1 FROM trine_event_stream WHERE stream = :stream AND recorded_until > :now"
        return bool(await self._fetch(sql, stream=_key(stream), now=time.time()))

    async def _release(self, stream: str) -> None:
        await self._run("UPDATE trine_event_stream SET recorded_until = 0 WHERE stream = :stream", stream=_key(stream))

    # Asking -----------------------------------------------------------------------------------------------------

    async def _database(self) -> Database:
        database = find_database(self._using)
        await make_missing(database, _TABLES)
        return database

    async def _again(self, change: Any, *arguments: Any) -> Any:
        """Change something in a transaction, once more where it collided with another process."""
        database = await self._database()
        for attempt in range(_ATTEMPTS):
            try:
                async with atomic(database):
                    return await change(*arguments)
            except SerializationFailure:
                if attempt == _ATTEMPTS - 1 or database.transaction is not None:
                    raise
            await asyncio.sleep(0.01 * random.random() * 2**attempt)  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    async def _fetch(self, sql: str, **values: Any) -> Any:
        database = await self._database()
        return await database.fetch(*positioned(sql, values, database), writes=True)

    async def _run(self, sql: str, **values: Any) -> int:
        database = await self._database()
        return await database.run(*positioned(sql, values, database))


def _key(stream: str) -> str:
    # Whatever a name contains, and however long it is: no database compares it in a way of its own.
    return hashlib.sha256(stream.encode(errors="surrogatepass")).hexdigest()


def _new_life(now: float) -> int:
    return int(now * 1000)


_metadata = sa.MetaData()
_TABLES = (
    sa.Table(
        "trine_event_stream",
        _metadata,
        sa.Column("stream", sa.CHAR(64), primary_key=True),
        sa.Column("life", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.SmallInteger, nullable=False),
        sa.Column("recorded_until", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False, index=True),
    ),
    sa.Table(
        "trine_event",
        _metadata,
        sa.Column("stream", sa.CHAR(64), primary_key=True),
        sa.Column("life", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("record", sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql"), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False, index=True),
    ),
)
