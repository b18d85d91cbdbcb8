"""Steps that make, rename and remove tables."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.schema import SchemaItem

from ..specs import State, TableSpec
from .base import Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


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
