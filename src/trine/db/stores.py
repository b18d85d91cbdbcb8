"""`SQLStore`: values that expire, such as sessions, in a table of the database, for every process that shares it."""
# ruff: noqa: S608 - the names are the store's own, and values never become text

import random
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from .database import Database, find_database
from .raw import positioned
from .tables import make_missing

_SWEPT_ONE_IN = 200
"""So seldom a write also deletes what has expired."""


class SQLStore:
    """Values by key in the table `trine_store`, which is made at the first use: `SessionMiddleware(store=SQLStore())`.

    It is in the installed database, or in the one given. A value is written outside of any transaction of the request's only
    where there is none: what a request undoes, it undoes here too.
    """

    is_local = False

    def __init__(self, database: str | Database | None = None, *, table: str = "trine_store") -> None:
        self._using = database
        self._table = sa.Table(
            table,
            sa.MetaData(),
            sa.Column("key", sa.String(200), primary_key=True),
            sa.Column("value", sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql"), nullable=False),
            sa.Column("expires", sa.Double(), nullable=False, index=True),
        )

    async def get(self, key: str) -> bytes | None:
        """The value of a key, None where there is none."""
        sql = f"SELECT {self._quoted('value')} FROM {self._name} WHERE {self._quoted('key')} = :key AND expires > :now"
        rows = await (await self._database()).fetch(*self._positioned(sql, key=key, now=time.time()))
        return bytes(rows[0][0]) if rows else None

    async def set(self, key: str, value: bytes, *, expires_in: float, only_existing: bool = False) -> bool:
        """Keep a value for a time. With `only_existing` in place of another one alone; whether it was kept is told."""
        database, now = await self._database(), time.time()
        values = {"key": key, "value": value, "expires": now + expires_in}
        name, value_name = self._quoted("key"), self._quoted("value")
        if only_existing:
            sql = f"UPDATE {self._name} SET {value_name} = :value, expires = :expires WHERE {name} = :key AND expires > :now"
            return await database.run(*self._positioned(sql, **values, now=now)) > 0
        sql = f"INSERT INTO {self._name} ({name}, {value_name}, expires) VALUES (:key, :value, :expires) "
        if database.dialect.name == "mysql":
            sql += f"ON DUPLICATE KEY UPDATE {value_name} = VALUES({value_name}), expires = VALUES(expires)"
        else:
            sql += f"ON CONFLICT ({name}) DO UPDATE SET {value_name} = excluded.{value_name}, expires = excluded.expires"
        await database.run(*self._positioned(sql, **values))
        if random.randrange(_SWEPT_ONE_IN) == 0:  # noqa: S311 - no secret
            await self.sweep()
        return True

    async def delete(self, key: str) -> None:
        """Forget a key."""
        sql = f"DELETE FROM {self._name} WHERE {self._quoted('key')} = :key"
        await (await self._database()).run(*self._positioned(sql, key=key))

    async def sweep(self) -> int:
        """Delete what has expired, and give how many values that were. A write does it now and then."""
        sql = f"DELETE FROM {self._name} WHERE expires <= :now"
        return await (await self._database()).run(*self._positioned(sql, now=time.time()))

    async def aclose(self) -> None:
        """The database has the connections."""

    async def _database(self) -> Database:
        database = find_database(self._using)
        await make_missing(database, [self._table])
        return database

    @property
    def _name(self) -> str:
        return self._quoted(self._table.name)

    def _quoted(self, name: str) -> str:
        return find_database(self._using).dialect.sqlalchemy.identifier_preparer.quote(name)

    def _positioned(self, sql: str, **values: Any) -> tuple[str, list[Any]]:
        return positioned(sql, values, find_database(self._using))
