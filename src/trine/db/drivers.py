"""Where a database is, and what drives it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from trine.errors import SetupError

_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
    "sqlite": "sqlite+aiosqlite",
}
_EXTRAS = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "db"}


def checked_url(text: str) -> URL:
    """Read a URL, and put the driver into it. Raises `SetupError`, without the URL: there may be a password in it."""
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except sa.exc.ArgumentError:
        raise SetupError(
            "The database URL cannot be read.", hint="Write sqlite:///file.sqlite3 or postgresql://user:password@host/name."
        ) from None
    if backend == "postgres":
        url, backend = url.set(drivername="postgresql"), "postgresql"
    if backend not in _DRIVERS:
        raise SetupError(f"There is no database '{backend}'.", hint="There are sqlite, postgresql and mysql.")
    return url.set(drivername=_DRIVERS[backend])


def is_in_memory(url: URL) -> bool:
    """Whether it is a database of SQLite that no file has."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def connection_class(url: URL) -> Any:
    """What connects to a server. Raises `SetupError` where the driver is not installed."""
    backend = url.get_backend_name()
    try:
        if backend == "postgresql":
            from .postgresql import PostgreSQLConnection

            return PostgreSQLConnection
        from .mysql import MySQLConnection
    except ImportError as error:
        extra = _EXTRAS["mysql" if backend == "mariadb" else backend]
        raise SetupError(f"{backend} needs {error.name}.", hint=f'Install it with: pip install "trine[{extra}]"') from error
    return MySQLConnection


def make_engine(url: URL, connect_timeout: float) -> AsyncEngine:
    """An engine that sets connections up and leaves transactions alone: connections are kept by our own pool."""
    backend = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if backend == "postgresql":
        arguments = {"timeout": connect_timeout}
    elif backend in ("mysql", "mariadb"):
        arguments = {"connect_timeout": int(connect_timeout) or 1}
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        poolclass=NullPool,
        connect_args=arguments,
    )
