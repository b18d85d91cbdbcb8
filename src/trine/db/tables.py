"""Tables that a store makes for itself, at its first use: they belong to no model, and to no migration."""

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from .errors import DatabaseError

if TYPE_CHECKING:
    from .database import Database

_made: "weakref.WeakKeyDictionary[Database, set[str]]" = weakref.WeakKeyDictionary()


async def make_missing(database: "Database", tables: Sequence[sa.Table]) -> None:
    """Make the tables that are not there, with their indexes, once for each database.

    It happens beside whatever transaction is around: one that is undone would undo them too, and MariaDB commits what came
    before. Only SQLite, where one transaction writes at a time, makes them inside, and is asked again the next time.
    """
    made = _made.setdefault(database, set())
    if all(table.name in made for table in tables):
        return
    is_inside = database.transaction is not None
    statements = [statement for table in tables for statement in _statements(table, database)]
    if database.dialect.name == "sqlite":
        for statement in statements:
            await database.run(statement)
        if is_inside:
            return
    else:
        for statement in statements:
            await _run_beside(database, statement)
    made.update(table.name for table in tables)


def _statements(table: sa.Table, database: "Database") -> list[str]:
    dialect = database.dialect.sqlalchemy
    made = [str(sa.schema.CreateTable(table, if_not_exists=True).compile(dialect=dialect)).strip()]
    # MariaDB's indexes stand in the table: MySQL has no CREATE INDEX IF NOT EXISTS.
    if database.dialect.name == "mysql":
        keys = [f"KEY {index.name} ({', '.join(column.name for column in index.columns)})" for index in table.indexes]
        return [f"{made[0].removesuffix(')').rstrip()}{''.join(f', {key}' for key in keys)})"]
    return made + [
        str(sa.schema.CreateIndex(index, if_not_exists=True).compile(dialect=dialect)).strip() for index in table.indexes
    ]


async def _run_beside(database: "Database", statement: str) -> None:
    connection = await database.pool.acquire()
    try:
        await connection.command(statement)
    except DatabaseError:
        # Another process made it in the same moment: PostgreSQL reports that, IF NOT EXISTS or not, as a key, a type or a table
        # that is there already, once the other is done. Whatever else was wrong is wrong again.
        await connection.command(statement)
    finally:
        database.pool.release(connection)
