"""What every step of a migration knows: how the state changes, how the database does, and the step that takes it back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from trine.errors import SetupError

from ..specs import State

if TYPE_CHECKING:
    from ..schema import SchemaEditor

NOT_GIVEN: Any = object()


class Irreversible(SetupError):
    """A migration that cannot be taken back."""


class Operation:
    """One step of a migration."""

    table = ""
    locks: ClassVar[str] = ""
    """What it keeps others from on PostgreSQL while it works through a big table; empty where it takes a moment."""
    remedy: ClassVar[str] = ""
    elidable = False
    """Whether it has nothing to do where there are no rows yet, so that squashing leaves it out."""

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
