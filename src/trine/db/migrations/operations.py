"""What a migration does, one step each: how the state changes, how the database does, and the step that takes it back."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem

from trine.errors import SetupError

from .specs import ColumnSpec, ConstraintSpec, IndexSpec, State, TableSpec

if TYPE_CHECKING:
    from .schema import SchemaEditor

NOT_GIVEN: Any = object()


class Irreversible(SetupError):
    """A migration that cannot be taken back."""


class Operation:
    """One step of a migration."""

    table = ""
    locks: ClassVar[str] = ""
    """What it keeps others from on PostgreSQL while it works through a big table; empty where it takes a moment."""
    remedy: ClassVar[str] = ""

    def change(self, state: State) -> None:
        """Change the state, as if it had been done."""

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Change the database."""

    def inverse(self, before: State) -> "Operation":
        """The step that takes it back, for the state before it. Raises `Irreversible`."""
        raise NotImplementedError

    def describe(self) -> str:
        """A few words for people."""
        raise NotImplementedError

    @property
    def slug(self) -> str:
        """What it gives to the name of its migration."""
        return self.table

    def tables(self) -> Iterator[str]:
        """The tables that it needs to be there, besides its own."""
        return iter(())


class CreateTable(Operation):
    """Make a table of columns, constraints and indexes, as `sqlalchemy.Table` takes them."""

    def __init__(self, table: str, *items: SchemaItem, database: str = "default", comment: str | None = None) -> None:
        self.table = table
        self.spec = TableSpec.of(table, items, database, comment)

    @classmethod
    def of(cls, spec: TableSpec) -> "CreateTable":
        """The step that makes a table of which everything is known."""
        made = cls.__new__(cls)
        made.table, made.spec = spec.name, spec
        return made

    def change(self, state: State) -> None:
        """Add the table."""
        if self.table in state:
            raise KeyError(f"There is a table '{self.table}' already at this point of the history.")
        state.put(self.spec)

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Create it with its indexes."""
        editor.create_table(after.table(self.table))

    def inverse(self, before: State) -> Operation:
        """Drop it."""
        return DropTable(self.table)

    def describe(self) -> str:
        """What is made."""
        return f"Create table {self.table}"

    def tables(self) -> Iterator[str]:
        """What its foreign keys refer to."""
        return (key.target for key in self.spec.foreign_keys())


class DropTable(Operation):
    """Remove a table with all its rows."""

    def __init__(self, table: str) -> None:
        self.table = table

    def change(self, state: State) -> None:
        """Forget the table."""
        del state[state.table(self.table).name]

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Drop it."""
        editor.drop_table(before.table(self.table))

    def inverse(self, before: State) -> Operation:
        """Make it again, empty."""
        return CreateTable.of(before.table(self.table))

    def describe(self) -> str:
        """What is removed."""
        return f"Drop table {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"drop_{self.table}"


class RenameTable(Operation):
    """Give a table another name. Its rows, indexes and the foreign keys to it stay."""

    def __init__(self, table: str, to: str) -> None:
        self.table = table
        self.to = to

    def change(self, state: State) -> None:
        """Rename it, also where others refer to it."""
        renamed = replace(state.table(self.table), name=self.to)
        del state[self.table]
        state.put(renamed)
        for spec in list(state.values()):
            keys = tuple(
                replace(key, target=self.to) if key.kind == "foreign_key" and key.target == self.table else key
                for key in spec.constraints
            )
            state.put(replace(spec, constraints=keys))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Rename it."""
        editor.rename_table(self.table, self.to)

    def inverse(self, before: State) -> Operation:
        """Give it its old name."""
        return RenameTable(self.to, self.table)

    def describe(self) -> str:
        """Both names."""
        return f"Rename table {self.table} to {self.to}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"rename_{self.table}_{self.to}"


class AddColumn(Operation):
    """Add a column. `fill` is what rows that are there already get, where the column has no default in the database."""

    def __init__(self, table: str, column: sa.Column[Any], *, fill: Any = NOT_GIVEN) -> None:
        self.table = table
        spec = TableSpec.of(table, [column])
        self.column = spec.columns[0]
        self.constraints, self.indexes = spec.constraints, spec.indexes
        self.fill = fill

    @classmethod
    def of(
        cls,
        table: str,
        column: ColumnSpec,
        constraints: tuple[ConstraintSpec, ...] = (),
        indexes: tuple[IndexSpec, ...] = (),
        fill: Any = NOT_GIVEN,
    ) -> "AddColumn":
        """The step that adds a column of which everything is known."""
        made = cls.__new__(cls)
        made.table, made.column, made.constraints, made.indexes, made.fill = table, column, constraints, indexes, fill
        return made

    def change(self, state: State) -> None:
        """Add it behind the others."""
        spec = state.table(self.table)
        if self.column.name in spec.names:
            raise KeyError(f"The table '{self.table}' has a column '{self.column.name}' already at this point of the history.")
        state.put(
            replace(
                spec,
                columns=(*spec.columns, self.column),
                constraints=(*spec.constraints, *self.constraints),
                indexes=(*spec.indexes, *self.indexes),
            )
        )

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Add it."""
        fill = self.fill
        if fill is NOT_GIVEN:
            editor.add_column(before, after, self.table, self.column, self.constraints, self.indexes)
        else:
            editor.add_filled_column(before, after, self.table, self.column, self.constraints, self.indexes, fill)

    def inverse(self, before: State) -> Operation:
        """Drop it."""
        return DropColumn(self.table, self.column.name)

    def describe(self) -> str:
        """Where, and what."""
        return f"Add column {self.column.name} to {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"{self.table}_{self.column.name}"

    def tables(self) -> Iterator[str]:
        """What it refers to."""
        return (constraint.target for constraint in self.constraints if constraint.kind == "foreign_key")


class DropColumn(Operation):
    """Remove a column with its values, and the constraints and indexes over it."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column

    def change(self, state: State) -> None:
        """Forget it and what is over it."""
        spec = state.table(self.table)
        spec.column(self.column)
        state.put(
            replace(
                spec,
                columns=tuple(column for column in spec.columns if column.name != self.column),
                constraints=tuple(found for found in spec.constraints if self.column not in found.columns),
                indexes=tuple(index for index in spec.indexes if self.column not in index.parts),
            )
        )

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Drop it."""
        editor.drop_column(before, after, self.table, self.column)

    def inverse(self, before: State) -> Operation:
        """Add it again, with what was over it. Values of a column that may not be NULL are gone, so rows need a default."""
        spec = before.table(self.table)
        column = spec.column(self.column)
        made = AddColumn.of(self.table, column, tuple(found for found in spec.constraints if self.column in found.columns))
        made.indexes = tuple(index for index in spec.indexes if self.column in index.parts)
        if not column.nullable and column.default is None and column.computed is None:
            made.fill = _neutral(column)
        return made

    def describe(self) -> str:
        """Where, and what."""
        return f"Drop column {self.column} of {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"{self.table}_drop_{self.column}"


class RenameColumn(Operation):
    """Give a column another name. Its values, and what is over it, stay."""

    def __init__(self, table: str, column: str, to: str) -> None:
        self.table = table
        self.column = column
        self.to = to

    def change(self, state: State) -> None:
        """Rename it, also where others refer to it."""
        names = {self.column: self.to}
        spec = state.table(self.table)
        spec.column(self.column)
        state.put(
            replace(
                spec,
                columns=tuple(replace(column, name=names.get(column.name, column.name)) for column in spec.columns),
                constraints=tuple(found.renamed(names) for found in spec.constraints),
                indexes=tuple(index.renamed(names) for index in spec.indexes),
            )
        )
        for other in list(state.values()):
            keys = tuple(
                replace(key, target_columns=tuple(names.get(name, name) for name in key.target_columns))
                if key.kind == "foreign_key" and key.target == self.table
                else key
                for key in other.constraints
            )
            state.put(replace(other, constraints=keys))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Rename it."""
        editor.rename_column(before.table(self.table), self.column, self.to)

    def inverse(self, before: State) -> Operation:
        """Give it its old name."""
        return RenameColumn(self.table, self.to, self.column)

    def describe(self) -> str:
        """Both names."""
        return f"Rename column {self.column} of {self.table} to {self.to}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"{self.table}_rename_{self.column}_{self.to}"


class AlterColumn(Operation):
    """Change a column into the one that stands here: its type, its default, whether it may be NULL.

    `fill` is what takes the place of NULL where it may not stay. `using` is the SQL that turns old values into new ones, on
    PostgreSQL; a plain conversion where it is absent.
    """

    locks = "reads and writes"
    remedy = "Where only NULL is forbidden, add a check constraint as NOT VALID first and validate it in a second migration."

    def __init__(self, table: str, column: sa.Column[Any], *, fill: Any = NOT_GIVEN, using: str | None = None) -> None:
        self.table = table
        self.column = ColumnSpec.read(TableSpec.of(table, [column]).make(sa.MetaData()).columns[column.name])
        self.fill = fill
        self.using = using

    @classmethod
    def of(cls, table: str, column: ColumnSpec, fill: Any = NOT_GIVEN) -> "AlterColumn":
        """The step that makes a column like one of which everything is known."""
        made = cls.__new__(cls)
        made.table, made.column, made.fill, made.using = table, column, fill, None
        return made

    def change(self, state: State) -> None:
        """Put it in the place of the one with its name."""
        spec = state.table(self.table)
        spec.column(self.column.name)
        columns = tuple(self.column if column.name == self.column.name else column for column in spec.columns)
        state.put(replace(spec, columns=columns))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Alter it. A value for NULL belongs to the new type: it is filled in between."""
        fill = self._fill_from(before.table(self.table).column(self.column.name))
        if fill is NOT_GIVEN:
            editor.alter_column(before, after, self.table, self.column, self.using)
            return
        loose, between = replace(self.column, nullable=True), before.copy()
        AlterColumn.of(self.table, loose).change(between)
        if between[self.table] != before[self.table]:
            editor.alter_column(before, between, self.table, loose, self.using)
        editor.fill(self.table, self.column, fill)
        editor.alter_column(between, after, self.table, self.column, self.using)

    def _fill_from(self, old: ColumnSpec) -> Any:
        if self.fill is not NOT_GIVEN:
            return self.fill
        if old.nullable and not self.column.nullable and self.column.default_clause is not None:
            return _as_sql(self.column.default_clause.arg)
        return NOT_GIVEN

    def inverse(self, before: State) -> Operation:
        """Make it what it was."""
        column = before.table(self.table).column(self.column.name)
        fill = _neutral(column) if self.column.nullable and not column.nullable else NOT_GIVEN
        return AlterColumn.of(self.table, column, fill)

    def describe(self) -> str:
        """Where, and what."""
        return f"Alter column {self.column.name} of {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"{self.table}_{self.column.name}"


class CreateIndex(Operation):
    """Make an index over columns, or over SQL given as `sa.text(...)`.

    `concurrently` lets others write meanwhile on PostgreSQL; its migration says `atomic = False`.
    """

    locks = "writes"
    remedy = "Write concurrently=True in the CreateIndex, in a migration of its own that says atomic = False."

    def __init__(
        self, table: str, name: str, columns: list[Any], *, unique: bool = False, concurrently: bool = False, **options: Any
    ) -> None:
        self.table = table
        expressions = [column if isinstance(column, str) else sa.text(column.text) for column in columns]
        parts = tuple(column if isinstance(column, str) else f"({column.text})" for column in expressions)
        spec = IndexSpec.read(sa.Index(name, sa.text("x"), **options), table)
        self.index = replace(spec, parts=parts, unique=unique)
        self.concurrently = concurrently

    @classmethod
    def of(cls, table: str, index: IndexSpec) -> "CreateIndex":
        """The step that makes an index of which everything is known."""
        made = cls.__new__(cls)
        made.table, made.index, made.concurrently = table, index, False
        return made

    def change(self, state: State) -> None:
        """Add it."""
        spec = state.table(self.table)
        state.put(replace(spec, indexes=(*spec.indexes, self.index)))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Create it."""
        editor.create_index(self.table, self.index, concurrently=self.concurrently)

    def inverse(self, before: State) -> Operation:
        """Drop it."""
        return DropIndex(self.table, self.index.name, concurrently=self.concurrently)

    def describe(self) -> str:
        """Where, and what."""
        return f"Create index {self.index.name} on {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return self.index.name


class DropIndex(Operation):
    """Remove an index."""

    def __init__(self, table: str, name: str, *, concurrently: bool = False) -> None:
        self.table = table
        self.name = name
        self.concurrently = concurrently

    def change(self, state: State) -> None:
        """Forget it."""
        spec = state.table(self.table)
        gone = spec.named_index(self.name)
        state.put(replace(spec, indexes=tuple(index for index in spec.indexes if index is not gone)))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Drop it."""
        editor.drop_index(self.table, before.table(self.table).named_index(self.name), concurrently=self.concurrently)

    def inverse(self, before: State) -> Operation:
        """Make it again."""
        made = CreateIndex.of(self.table, before.table(self.table).named_index(self.name))
        made.concurrently = self.concurrently
        return made

    def describe(self) -> str:
        """Where, and what."""
        return f"Drop index {self.name} of {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"drop_{self.name}"


class AddConstraint(Operation):
    """Add a unique, check or foreign key constraint, as SQLAlchemy has them."""

    locks = "writes"
    remedy = "Set a lock timeout, and run it when little is written: every row is checked."

    def __init__(self, table: str, constraint: sa.Constraint) -> None:
        found = ConstraintSpec.read(constraint, table)
        if found is None:
            raise SetupError(f"AddConstraint for {table} takes no primary key.", hint="Write it with RunSQL for your database.")
        self.table = table
        self.constraint = found

    @classmethod
    def of(cls, table: str, constraint: ConstraintSpec) -> "AddConstraint":
        """The step that adds a constraint of which everything is known."""
        made = cls.__new__(cls)
        made.table, made.constraint = table, constraint
        return made

    def change(self, state: State) -> None:
        """Add it."""
        spec = state.table(self.table)
        state.put(replace(spec, constraints=(*spec.constraints, self.constraint)))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Add it."""
        editor.add_constraint(before, after, self.table, self.constraint)

    def inverse(self, before: State) -> Operation:
        """Drop it."""
        return DropConstraint(self.table, self.constraint.name)

    def describe(self) -> str:
        """Where, and what."""
        return f"Add constraint {self.constraint.name} to {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return self.constraint.name

    def tables(self) -> Iterator[str]:
        """What it refers to."""
        return iter((self.constraint.target,) if self.constraint.target else ())


class DropConstraint(Operation):
    """Remove a constraint by its name."""

    def __init__(self, table: str, name: str) -> None:
        self.table = table
        self.name = name

    def change(self, state: State) -> None:
        """Forget it."""
        spec = state.table(self.table)
        gone = spec.named_constraint(self.name)
        state.put(replace(spec, constraints=tuple(found for found in spec.constraints if found is not gone)))

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Drop it."""
        editor.drop_constraint(before, after, self.table, before.table(self.table).named_constraint(self.name))

    def inverse(self, before: State) -> Operation:
        """Add it again."""
        return AddConstraint.of(self.table, before.table(self.table).named_constraint(self.name))

    def describe(self) -> str:
        """Where, and what."""
        return f"Drop constraint {self.name} of {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"drop_{self.name}"


class RunSQL(Operation):
    """Run SQL of your own, one statement or several, and `backwards` to take it back; None where nothing is to be done.

    `only` names the databases that it is for, such as `["postgresql"]`.
    """

    def __init__(
        self,
        sql: str | list[str],
        backwards: str | list[str] | None = NOT_GIVEN,
        *,
        only: list[str] | None = None,
        database: str = "default",
    ) -> None:
        self.sql = [sql] if isinstance(sql, str) else list(sql)
        self.backwards = backwards
        self.only = only
        self.database = database

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Run it."""
        if self.only is None or editor.dialect in self.only:
            for statement in self.sql:
                editor.run_sql(statement)

    def inverse(self, before: State) -> Operation:
        """Run the other one."""
        if self.backwards is NOT_GIVEN:
            raise Irreversible(
                "RunSQL has no backwards=...", hint="Write the SQL that takes it back, or backwards=None for nothing."
            )
        there = self.backwards or []
        return RunSQL(there, self.sql, only=self.only, database=self.database)

    def describe(self) -> str:
        """Its beginning."""
        first = " ".join(self.sql[0].split()) if self.sql else "nothing"
        return f"Run SQL: {first[:60]}{'...' if len(first) > 60 else ''}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return "sql"


@dataclass(frozen=True)
class Historical:
    """What a data migration works with: the tables as they are at this point of the history, and a connection."""

    connection: Any
    """An `AsyncConnection` for an `async def`, a `Connection` for a `def`; both are inside the migration's transaction."""
    tables: dict[str, sa.Table]


DataMigration = Callable[[Historical], Awaitable[None] | None]


class RunPython(Operation):
    """Change data: `def fill(db: Historical)` or `async def fill(db: Historical)`, and another function to take it back."""

    def __init__(
        self, forwards: DataMigration | None, backwards: DataMigration | None = NOT_GIVEN, *, database: str = "default"
    ) -> None:
        self.forwards = forwards
        self.backwards = backwards
        self.database = database

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Call the function."""
        if self.forwards is not None:
            editor.run_python(self.forwards, before)

    def inverse(self, before: State) -> Operation:
        """Call the other function."""
        if self.backwards is NOT_GIVEN:
            hint = "Give it a second function that takes the change back, or backwards=None where nothing is to be done."
            raise Irreversible(f"{self.describe()} has no backwards function.", hint=hint)
        return RunPython(self.backwards, self.forwards, database=self.database)

    def describe(self) -> str:
        """The function's name."""
        return f"Run {getattr(self.forwards, '__name__', 'nothing')}()"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return "data"


def python_type(column: ColumnSpec) -> Any:
    """What a column's values are in Python; None where nobody knows."""
    kind = getattr(column.type, "impl_instance", column.type)
    try:
        return kind.python_type
    except NotImplementedError:
        return None


def _as_sql(default: Any) -> Any:
    """A database default as an expression."""
    return sa.text("'" + default.replace("'", "''").replace(":", r"\:") + "'") if isinstance(default, str) else default


def _neutral(column: ColumnSpec) -> Any:
    """A value for rows that lost theirs, so that a step back is possible: nothing, in the column's type."""
    neutral: dict[type, Any] = {
        str: "",
        int: 0,
        float: 0.0,
        Decimal: Decimal(0),
        bool: False,
        bytes: b"",
        dict: {},
        list: [],
        date: date(1970, 1, 1),
        datetime: datetime(1970, 1, 1, tzinfo=UTC),
    }
    return neutral.get(python_type(column))
