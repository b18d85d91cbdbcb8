"""Steps that add and remove constraints."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trine.errors import SetupError

from ..specs import ConstraintSpec, State
from .base import Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


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
