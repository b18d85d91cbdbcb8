"""Statements for the database, through Alembic: each dialect's own way, SQLite's table copies included."""

import datetime
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.util import await_only

from .keys import mysql_key, postgresql_key, unnumbered
from .operations import DataMigration, Historical, python_type
from .specs import ColumnSpec, ConstraintSpec, IndexSpec, State, TableSpec


class SchemaEditor:
    """Change the schema behind a connection, or write the statements where there is none."""

    def __init__(self, context: MigrationContext, connection: sa.Connection | None = None, async_connection: Any = None) -> None:
        self.context = context
        self.connection = connection
        self.async_connection = async_connection
        self.ops = Operations(context)
        self.dialect = "mysql" if context.dialect.name == "mariadb" else context.dialect.name

    @property
    def copies_tables(self) -> bool:
        """Whether a table is changed by making it anew, because the database can change little in place."""
        return self.dialect == "sqlite"

    def create_table(self, spec: TableSpec) -> None:
        """Create a table and its indexes."""
        made = spec.make(self._around(spec))
        self.ops.execute(sa.schema.CreateTable(made))
        for index in spec.indexes:
            self.create_index(spec.name, index)

    def drop_table(self, spec: TableSpec) -> None:
        """Drop a table."""
        self.ops.drop_table(spec.name)

    def rename_table(self, old: str, new: str) -> None:
        """Rename a table."""
        self.ops.rename_table(old, new)

    def add_column(
        self,
        before: State,
        after: State,
        table: str,
        column: ColumnSpec,
        constraints: Sequence[ConstraintSpec],
        indexes: Sequence[IndexSpec] = (),
    ) -> None:
        """Add a column with what is over it."""
        if self.copies_tables and (constraints or column.computed or not column.nullable):
            self._copy_table(before, after, table)
        else:
            self.ops.add_column(table, column.make())
            for constraint in constraints:
                self.add_constraint(before, after, table, constraint)
        for index in indexes:
            self.create_index(table, index)

    def add_filled_column(
        self,
        before: State,
        after: State,
        table: str,
        column: ColumnSpec,
        constraints: Sequence[ConstraintSpec],
        indexes: Sequence[IndexSpec],
        fill: Any,
    ) -> None:
        """Add a column that has a value in the rows that are there already."""
        if self.dialect == "postgresql" and type(fill) in (str, int, float, bool):
            # A default that is there from the beginning costs nothing, however many rows there are.
            filled_column = column.make()
            filled_column.server_default = sa.DefaultClause(str(fill).lower() if isinstance(fill, bool) else str(fill))
            self.ops.add_column(table, filled_column)
            self.ops.alter_column(table, column.name, server_default=None)
            for constraint in constraints:
                self.add_constraint(before, after, table, constraint)
            for index in indexes:
                self.create_index(table, index)
            return
        loose = column.make()
        loose.nullable, loose.primary_key = True, False
        loose.server_default = None
        if self.copies_tables:
            self.ops.execute(_ddl(f"ALTER TABLE {self._quoted(table)} ADD COLUMN {self._column_sql(loose)}"))
            self.fill(table, column, fill)
            filled = after.copy()
            filled.put(replace(after.table(table), indexes=before.table(table).indexes))
            self._copy_table(filled, after, table)
        else:
            self.ops.add_column(table, loose)
            self.fill(table, column, fill)
            self._settle(table, column)
            for constraint in constraints:
                self.add_constraint(before, after, table, constraint)
        for index in indexes:
            self.create_index(table, index)

    def fill(self, table: str, column: ColumnSpec, value: Any) -> None:
        """Put a value where there is none."""
        made = sa.table(table, sa.column(column.name, column.type))
        said = value if isinstance(value, sa.ClauseElement) else sa.literal(_as_time(value, column), column.type)
        self.ops.execute(made.update().where(made.c[column.name].is_(None)).values({column.name: said}))

    def drop_column(self, before: State, after: State, table: str, column: str) -> None:
        """Drop a column and what is over it."""
        old = before.table(table)
        if self.copies_tables:
            self._copy_table(before, after, table)
            return
        for constraint in old.constraints:
            if column in constraint.columns:
                self.drop_constraint(before, after, table, constraint)
        for index in old.indexes:
            if column in index.parts:
                self.drop_index(table, index)
        self.ops.drop_column(table, column)

    def rename_column(self, spec: TableSpec, old: str, new: str) -> None:
        """Rename a column in place, which every supported database can."""
        names = f"{self._quoted(old)} TO {self._quoted(new)}"
        self.ops.execute(_ddl(f"ALTER TABLE {self._quoted(spec.name)} RENAME COLUMN {names}"))

    def alter_column(self, before: State, after: State, table: str, column: ColumnSpec, using: str | None) -> None:
        """Change a column's type, default and whether it may be NULL."""
        if self.copies_tables:
            self._copy_table(before, after, table)
            return
        old = before.table(table).column(column.name)
        if old.computed != column.computed:
            # No database turns a plain column into a computed one: its values are the database's own anyway.
            self.ops.drop_column(table, column.name)
            self.ops.add_column(table, column.make())
            return
        self._settle(table, column, old, using)

    def alter_key(self, before: State, after: State, table: str) -> None:
        """Put another key in the place of the one that a table has, or let it be counted or not."""
        old, new = before.table(table), after.table(table)
        if self.copies_tables:
            # SQLite numbers what is NULL in a key itself, behind the greatest: the others have to be there first.
            numbered = unnumbered(old, new)
            self._copy_table(before, after, table, order=[*numbered, *old.key] if numbered else [])
            return
        if self.dialect == "postgresql":
            statements = postgresql_key(old, new, self._quoted)
        else:
            statements = mysql_key(old, new, self._quoted, lambda column: self._column_sql(column.make()))
        for statement in statements:
            self.ops.execute(_ddl(statement))

    def _settle(self, table: str, column: ColumnSpec, old: ColumnSpec | None = None, using: str | None = None) -> None:
        changes: dict[str, Any] = {"existing_type": column.type, "existing_nullable": column.nullable}
        is_new_type = old is not None and old.type_code != column.type_code
        if is_new_type:
            changes["type_"] = column.type
            if self.dialect == "postgresql":
                kind = column.type.compile(dialect=self.context.dialect)
                changes["postgresql_using"] = using or f"{self._quoted(column.name)}::{kind}"
        if old is None or old.nullable != column.nullable:
            changes["nullable"] = column.nullable
        said = None if column.default_clause is None else column.default_clause.arg
        if old is None or old.default != column.default:
            changes["server_default"] = said
            if is_new_type and old is not None and old.default is not None and self.dialect == "postgresql":
                # The old default may have no meaning in the new type.
                self.ops.alter_column(table, column.name, server_default=None)
        else:
            changes["existing_server_default"] = said
        if old is not None and old.comment != column.comment:
            changes |= {"comment": column.comment, "existing_comment": old.comment}
        if column.counted:
            changes["autoincrement"] = True
        self.ops.alter_column(table, column.name, **changes)

    def create_index(self, table: str, index: IndexSpec, *, concurrently: bool = False) -> None:
        """Create an index."""
        said = dict(index.said)
        if concurrently and self.dialect == "postgresql":
            said["postgresql_concurrently"] = True
        self.ops.create_index(index.name, table, index.expressions(), unique=index.unique, **said)

    def drop_index(self, table: str, index: IndexSpec, *, concurrently: bool = False) -> None:
        """Drop an index."""
        said: dict[str, Any] = {"postgresql_concurrently": True} if concurrently and self.dialect == "postgresql" else {}
        self.ops.drop_index(index.name, table_name=table, **said)

    def add_constraint(self, before: State, after: State, table: str, constraint: ConstraintSpec) -> None:
        """Add a constraint."""
        if self.copies_tables:
            self._copy_table(before, after, table)
            return
        made = after.table(table).make(self._around(after.table(table)))
        found = next(item for item in made.constraints if item.name == constraint.name)
        self.ops.execute(sa.schema.AddConstraint(found, isolate_from_table=False))

    def drop_constraint(self, before: State, after: State, table: str, constraint: ConstraintSpec) -> None:
        """Drop a constraint."""
        if self.copies_tables:
            self._copy_table(before, after, table)
            return
        kind = {"foreign_key": "foreignkey"}.get(constraint.kind, constraint.kind)
        self.ops.drop_constraint(constraint.name, table, type_=kind)

    def run_sql(self, statement: str) -> None:
        """Run SQL as it stands."""
        self.ops.execute(sa.text(statement.replace(":", r"\:")))

    def run_python(self, function: DataMigration, state: State) -> None:
        """Call a function that changes data."""
        if self.connection is None:
            self.context.impl.static_output(f"-- {getattr(function, '__name__', 'A function')}() runs here: it is no SQL.")
            return
        tables = dict(state.metadata().tables)
        if inspect.iscoroutinefunction(function):
            await_only(function(Historical(self.async_connection, tables)))
        else:
            function(Historical(self.connection, tables))

    # SQLite ------------------------------------------------------------------------------------------------------

    def _copy_table(self, before: State, after: State, table: str, *, order: Sequence[str] = ()) -> None:
        """Make a table anew with the rows of the old one: SQLite's own advice (sqlite.org/lang_altertable.html §7)."""
        old, new = before.table(table), after.table(table)
        temporary = f"_trine_{table}"
        made = new.make(self._around(new))
        made.name = temporary
        self.ops.execute(sa.schema.CreateTable(made))
        kept = [column.name for column in new.columns if column.name in old.names and column.computed is None]
        columns = ", ".join(map(self._quoted, kept))
        source = f"INSERT INTO {self._quoted(temporary)} ({columns}) SELECT {columns} FROM {self._quoted(table)}"  # noqa: S608 - quoted names
        if order:
            source += f" ORDER BY {', '.join(f'{self._quoted(name)} NULLS LAST' for name in order)}"
        self.ops.execute(sa.text(source.replace(":", r"\:")))
        self.ops.drop_table(table)
        self.ops.rename_table(temporary, table)
        added = [index for index in new.indexes if index.name in {known.name for known in old.indexes}]
        for index in added:
            self.create_index(table, index)

    def _around(self, spec: TableSpec) -> sa.MetaData:
        """Metadata with the tables that a table refers to: of them, the statements need no more than the names."""
        metadata = sa.MetaData()
        for key in spec.foreign_keys():
            if key.target != spec.name:
                columns = [sa.Column(name, sa.types.NullType()) for name in key.target_columns]
                sa.Table(key.target, metadata, *columns, extend_existing=True)
        return metadata

    def _quoted(self, name: str) -> str:
        return str(self.context.dialect.identifier_preparer.quote(name))

    def _column_sql(self, column: sa.Column[Any]) -> str:
        sa.Table("any", sa.MetaData(), column)
        dialect = self.context.dialect
        compiler = dialect.ddl_compiler(dialect, sa.schema.CreateTable(column.table))
        return str(compiler.get_column_specification(column))


def _as_time(value: Any, column: ColumnSpec) -> Any:
    """A day that stands in a migration as text."""
    kind = python_type(column) if isinstance(value, str) else None
    if kind is datetime.date:
        return datetime.date.fromisoformat(value)
    return datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.UTC) if kind is datetime.datetime else value


def _ddl(statement: str) -> sa.schema.DDL:
    # DDL() fills in percent signs.
    return sa.schema.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call] # SQLAlchemy's


@contextmanager
def checked_references(editor: SchemaEditor) -> Iterator[None]:
    """Look once at the end of a change whether every foreign key of SQLite still finds its row."""
    yield
    if editor.copies_tables and editor.connection is not None:
        broken = editor.connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise sa.exc.IntegrityError(
                f"A row of '{broken[0]}' refers to a row of '{broken[2]}' that is not there.", None, ValueError("foreign key")
            )
