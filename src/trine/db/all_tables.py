"""The tables of all models, made without migrations: for tests and first steps."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from .registry import registry
from .types import Vector

if TYPE_CHECKING:
    from .database import Database

_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))",
    "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
}


async def create_tables(database: "Database") -> None:
    """Make the tables that are missing, with their indexes."""
    existing = set(await table_names(database))
    missing = [table for table in registry.metadata.sorted_tables if table.name not in existing]
    has_vector = any(isinstance(column.type, Vector) for table in missing for column in table.columns)
    if has_vector and database.dialect.name == "postgresql":
        await database.run("CREATE EXTENSION IF NOT EXISTS vector")
    for table in missing:
        for statement in _creating(table):
            await database.run(_text(statement, database))


async def drop_tables(database: "Database") -> None:
    """Drop the tables that are there."""
    existing = set(await table_names(database))
    for table in reversed(registry.metadata.sorted_tables):
        if table.name in existing:
            await database.run(_text(sa.schema.DropTable(table), database))


async def table_names(database: "Database") -> list[str]:
    """The tables that there are, read where they are written."""
    return [str(row[0]) for row in await database.fetch(_NAMES[database.dialect.name], writes=True)]


def _creating(table: sa.Table) -> Iterator[sa.schema.ExecutableDDLElement]:
    yield sa.schema.CreateTable(table)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield sa.schema.CreateIndex(index)


def _text(statement: sa.schema.ExecutableDDLElement, database: "Database") -> str:
    return str(statement.compile(dialect=database.dialect.sqlalchemy)).strip()
