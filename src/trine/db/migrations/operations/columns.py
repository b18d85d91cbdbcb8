"""Steps that add, change, rename and remove columns."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..specs import ColumnSpec, ConstraintSpec, IndexSpec, State, TableSpec
from .base import NOT_GIVEN, Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


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
