"""Steps that make and remove indexes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..specs import IndexSpec, State
from .base import Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


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
