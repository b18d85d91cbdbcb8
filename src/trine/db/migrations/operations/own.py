"""Steps of your own: SQL, and Python that changes data."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trine.errors import SetupError

from ..specs import State
from .base import NOT_GIVEN, Irreversible, Operation

if TYPE_CHECKING:
    from ..schema import SchemaEditor


_EXTENSION = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


class RunSQL(Operation):
    """Run SQL of your own, one statement or several, and `backwards` to take it back; None where nothing is to be done.

    `only` names the databases that it is for, such as `["postgresql"]`. What is `elidable` is left out when migrations are
    squashed: it mends rows that were there, and where one begins anew there are none.
    """

    def __init__(
        self,
        sql: str | list[str],
        backwards: str | list[str] | None = NOT_GIVEN,
        *,
        only: list[str] | None = None,
        database: str = "default",
        elidable: bool = False,
    ) -> None:
        self.sql = [sql] if isinstance(sql, str) else list(sql)
        self.backwards = backwards
        self.only = only
        self.database = database
        self.elidable = elidable

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


class CreateExtension(Operation):
    """Have an extension in the database, which only PostgreSQL knows: `CreateExtension("vector")`.

    Where it is there already, nothing is done and no right is needed; otherwise the server may want an administrator. It stays
    when the migration is taken back: other things may need it.
    """

    def __init__(self, name: str, *, database: str = "default") -> None:
        if not _EXTENSION.fullmatch(name):
            raise SetupError(f"{name!r} is no name of an extension.", hint='Write it like CreateExtension("pg_trgm").')
        self.name = name
        self.database = database

    def run(self, editor: "SchemaEditor", before: State, after: State) -> None:
        """Create it."""
        if editor.dialect == "postgresql":
            editor.run_sql(f'CREATE EXTENSION IF NOT EXISTS "{self.name}"')

    def inverse(self, before: State) -> Operation:
        """Nothing."""
        return RunSQL([], [])

    def describe(self) -> str:
        """Which one."""
        return f"Create extension {self.name}"

    @property
    def slug(self) -> str:
        """Its part of the name."""
        return self.name


@dataclass(frozen=True)
class Historical:
    """What a data migration works with: the tables as they are at this point of the history, and a connection."""

    connection: Any
    """An `AsyncConnection` for an `async def`, a `Connection` for a `def`; both are inside the migration's transaction."""
    tables: dict[str, sa.Table]


DataMigration = Callable[[Historical], Awaitable[None] | None]


class RunPython(Operation):
    """Change data: `def fill(db: Historical)` or `async def fill(db: Historical)`, and another function to take it back.

    What is `elidable` is left out when migrations are squashed.
    """

    def __init__(
        self,
        forwards: DataMigration | None,
        backwards: DataMigration | None = NOT_GIVEN,
        *,
        database: str = "default",
        elidable: bool = False,
    ) -> None:
        self.forwards = forwards
        self.backwards = backwards
        self.database = database
        self.elidable = elidable

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
