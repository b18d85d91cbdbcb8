"""A word before a statement that keeps others from a big table of PostgreSQL."""

import sqlalchemy as sa

from .operations import NOT_GIVEN, AddColumn, AlterColumn, AlterKey, CreateIndex, Operation
from .specs import State

BIG = 100_000
"""Rows from which on a statement is worth a warning."""


def warning_for(connection: sa.Connection, operation: Operation, before: State) -> str | None:
    """What an operation would hold up, and what to do instead; None where it takes a moment."""
    if connection.dialect.name != "postgresql" or not _works_through(operation, before):
        return None
    statement = sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")
    rows = connection.execute(statement, {"name": f'"{operation.table}"'}).scalar()
    if rows is None or rows < BIG:
        return None
    locks, remedy = operation.locks, operation.remedy
    if isinstance(operation, AddColumn):
        locks = "reads and writes"
        remedy = "Add it as nullable, fill it in parts in a data migration, and forbid NULL in a third one."
    return f"{operation.describe()} holds up {locks} while it works through about {rows:,} rows. {remedy}"


def _works_through(operation: Operation, before: State) -> bool:
    """Whether every row is looked at, or written."""
    if isinstance(operation, CreateIndex):
        return not operation.concurrently
    if isinstance(operation, AddColumn):
        is_written = operation.fill is not NOT_GIVEN and type(operation.fill) not in (str, int, float, bool)
        return is_written or operation.column.computed is not None or bool(operation.indexes)
    if isinstance(operation, AlterColumn):
        old = before.table(operation.table).column(operation.column.name)
        return old.type_code != operation.column.type_code or (old.nullable and not operation.column.nullable)
    if isinstance(operation, AlterKey):
        return before.table(operation.table).key != list(operation.columns)
    return bool(operation.locks)
