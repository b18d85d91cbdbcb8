"""One at a time: whoever migrates a database keeps others from doing so, on any machine."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trine.errors import SetupError

# Any number, as long as it is always the same and nobody else's: "trinemig" in ASCII.
_KEY = 0x7472696E656D6967
_PAUSE = 0.2


@asynccontextmanager
async def migration_lock(connection: AsyncConnection, *, max_wait: float, waiting: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock of a database while inside. `waiting` is told once when somebody else has it.

    PostgreSQL and MariaDB give it back when the connection ends, the system when the process does. SQLite's is a lock on a file
    beside the database.
    """
    dialect = connection.dialect.name
    if dialect == "postgresql":
        take = _taking(connection, f"SELECT pg_try_advisory_lock({_KEY})")
        give_back = _saying(connection, f"SELECT pg_advisory_unlock({_KEY})")
    elif dialect in ("mysql", "mariadb"):
        name = "CONCAT('trine_migrations_', MD5(DATABASE()))"
        take = _taking(connection, f"SELECT GET_LOCK({name}, 0)")
        give_back = _saying(connection, f"SELECT RELEASE_LOCK({name})")
    else:
        path = connection.engine.url.database
        if not path or path == ":memory:" or path.startswith("file:"):
            yield
            return
        file = os.open(f"{path}-migrate", os.O_RDWR | os.O_CREAT, 0o644)

        async def take() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        async def give_back() -> None:
            os.close(file)

    await _wait(take, max_wait, waiting)
    try:
        yield
    finally:
        # A connection that is broken has given it back already.
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            await give_back()


async def _wait(take: Callable[[], Awaitable[bool]], max_wait: float, waiting: Callable[[], None]) -> None:
    left = max_wait
    is_told = False
    while not await take():
        if not is_told:
            waiting()
            is_told = True
        if left <= 0:
            raise SetupError(
                f"Another process has been migrating this database for {max_wait:g} seconds.",
                hint="Wait for it, or see why it hangs.",
            )
        await asyncio.sleep(_PAUSE)
        left -= _PAUSE


def _taking(connection: AsyncConnection, statement: str) -> Callable[[], Awaitable[bool]]:
    async def take() -> bool:
        found = (await connection.exec_driver_sql(statement)).scalar()
        await connection.commit()
        return bool(found)

    return take


def _saying(connection: AsyncConnection, statement: str) -> Callable[[], Awaitable[None]]:
    async def say() -> None:
        await connection.rollback()
        await connection.exec_driver_sql(statement)
        await connection.commit()

    return say
