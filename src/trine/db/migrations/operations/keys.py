"""The step that changes a table's primary key."""

from dataclasses import replace
from typing import TYPE_CHECKING

from trine.errors import SetupError

from ..specs import ColumnSpec, State, TableSpec
from .base import Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


class AlterKey(Operation):
    """Make columns the primary key, in this order, in the place of the one there was: `AlterKey("book", "shelf", "number")`.

    With `counted` the database counts the one column: rows that have nothing in it get numbers, in the order of the old key. A
    column that was counted and leaves the key may be NULL from then on, for nobody fills it any longer.
    """

    locks = "reads and writes"
    remedy = "Set a lock timeout, and run it when little is going on: the index of the new key is built."

    def __init__(self, table: str, *columns: str, counted: bool = False) -> None:
        if counted and len(columns) != 1:
            raise SetupError(
                f"AlterKey for {table} counts {len(columns)} columns.", hint="A key that the database counts has one column."
            )
        self.table = table
        self.columns = columns
        self.counted = counted

    @classmethod
    def of(cls, spec: TableSpec) -> "AlterKey":
        """The step that gives a table the key of one of which everything is known."""
        return cls(spec.name, *spec.key, counted=spec.is_counted)

    def change(self, state: State) -> None:
        """Mark the columns. Those of the key come first, which is what gives them their order."""
        spec = state.table(self.table)
        key = [self._inside(spec.column(name)) for name in self.columns]
        rest = [_outside(column) for column in spec.columns if column.name not in self.columns]
        state.put(replace(spec, columns=(*key, *rest)))

    def _inside(self, column: ColumnSpec) -> ColumnSpec:
        return replace(column, primary_key=True, nullable=False, counted=self.counted)

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Put the new key in the place of the old one."""
        editor.alter_key(before, after, self.table)

    def inverse(self, before: State) -> Operation:
        """Make the key what it was."""
        return AlterKey.of(before.table(self.table))

    def describe(self) -> str:
        """Where, and what."""
        return f"Make {' and '.join(self.columns) or 'nothing'} the key of {self.table}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return f"{self.table}_key"


def _outside(column: ColumnSpec) -> ColumnSpec:
    return replace(column, primary_key=False, nullable=column.nullable or column.counted, counted=False)
