"""A connection for commands that change a schema: one, without a pool, with SQLite's transactions as they should be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from trine.errors import SetupError

DRIVERS = {"postgresql": "asyncpg", "postgres": "asyncpg", "sqlite": "aiosqlite", "mysql": "asyncmy", "mariadb": "asyncmy"}


@asynccontextmanager
async def connect(url: str | sa.URL) -> AsyncIterator[AsyncConnection]:
    """Connect to a database, whatever driver the URL names. It is in autocommit until a transaction begins."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name not in DRIVERS:
        raise SetupError(f"There are no migrations for {name}.", hint="There are PostgreSQL, SQLite, MariaDB and MySQL.")
    backend = {"postgres": "postgresql", "mariadb": "mysql"}.get(name, name)
    engine = create_async_engine(parsed.set(drivername=f"{backend}+{DRIVERS[name]}"), poolclass=NullPool)
    if name == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    connection = engine.connect()
    try:
        try:
            await connection.start()
        except (sa.exc.DBAPIError, OSError) as error:
            said = str(getattr(error, "orig", error)).partition("\n")[0]
            shown = parsed.render_as_string(hide_password=True)
            raise SetupError(f"The database {shown} cannot be reached: {said}", hint="Start it, or correct the URL.") from error
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's module would commit before every change of the schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    # A table that is copied is dropped: its children must not be deleted with it. References are checked at the end.
    for pragma in ("foreign_keys = OFF", "journal_mode = WAL", "busy_timeout = 60000", "legacy_alter_table = OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


async def set_lock_timeout(connection: AsyncConnection, seconds: float) -> None:
    """Let statements wait for others no longer than this, so that nobody queues behind a change of the schema."""
    name = connection.dialect.name
    if name == "postgresql":
        await connection.exec_driver_sql(f"SET lock_timeout = {int(seconds * 1000)}")
    elif name in ("mysql", "mariadb"):
        await connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {max(1, round(seconds))}")
    await connection.commit()
