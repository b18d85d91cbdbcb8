"""Applying migrations: in their order, each one whole, with the lock held."""

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from trine.errors import SetupError

from .big_tables import warning_for
from .files import Migration
from .graph import Graph
from .history import History
from .locks import migration_lock
from .operations import Operation
from .schema import SchemaEditor, checked_references
from .specs import State

Say = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One migration that is applied or taken back."""

    migration: Migration
    direction: Literal["forwards", "backwards"]

    def __str__(self) -> str:
        return f"{'Apply' if self.direction == 'forwards' else 'Unapply'} {self.migration.label}"


@dataclass(frozen=True)
class Stage:
    """One operation with the tables before and after it."""

    operation: Operation
    before: State
    after: State


class Migrator:
    """Bring a database to a point of the history."""

    def __init__(
        self, migrations: Sequence[Migration], *, database: str = "default", say: Say = print, max_wait: float = 600
    ) -> None:
        self.migrations = migrations
        self.database = database
        self.say = say
        self.max_wait = max_wait

    async def applied(self, connection: AsyncConnection) -> dict[str, datetime]:
        """What the database has seen. Nothing is changed."""
        found = await connection.run_sync(lambda sync: History(sync).applied())
        await connection.rollback()
        return found

    def graph(self, applied: Sequence[str] | dict[str, datetime] = ()) -> Graph:
        """The order of the migrations, as it is for a database that has seen some."""
        return Graph(self.migrations, list(applied))

    async def unfinished(self, connection: AsyncConnection) -> dict[str, int]:
        """What was interrupted where nothing undoes it, with how many of its steps are done. Nothing is changed."""
        found = await connection.run_sync(lambda sync: History(sync).unfinished())
        await connection.rollback()
        return found

    def plan(
        self, applied: Sequence[str], package: str | None = None, target: str | None = None, *, unfinished: Collection[str] = ()
    ) -> list[Step]:
        """What leads to a target: a migration's name or the beginning of it, `zero`, or the end where none is named."""
        graph = self.graph(applied)
        graph.refuse_branches()
        done = _with_replaced(graph, applied)
        half_done = done | set(unfinished)
        if package is None:
            return [Step(migration, "forwards") for migration in graph.order if migration.label not in done]
        wanted = find_migration(graph, package, target)
        if wanted is not None and wanted.label not in done:
            needed = graph.before(wanted.label) | {wanted.label}
            return [Step(migration, "forwards") for migration in graph.order if migration.label in needed - done]
        if target is None:
            return []
        undone = set[str]()
        for migration in graph.of_package(package):
            if wanted is None or (migration.label != wanted.label and migration.label not in graph.before(wanted.label)):
                undone |= {migration.label} | graph.after(migration.label)
        return [Step(migration, "backwards") for migration in reversed(graph.order) if migration.label in undone & half_done]

    async def migrate(
        self, connection: AsyncConnection, package: str | None = None, target: str | None = None, *, fake: bool = False
    ) -> list[Step]:
        """Do it, with the lock held. Raises `SetupError` where a migration fails: what came before it stays."""

        def wait() -> None:
            self.say("Another process is migrating this database: waiting for it.")

        async with migration_lock(connection, max_wait=self.max_wait, waiting=wait):
            await connection.run_sync(lambda sync: History(sync).prepare())
            await connection.commit()
            # Read behind the lock: somebody else may have done it all meanwhile.
            applied = list(await self.applied(connection))
            steps = self.plan(applied, package, target, unfinished=await self.unfinished(connection))
            graph = self.graph(applied)
            done = _with_replaced(graph, applied)
            for step in steps:
                self.say(f"{step}{' (faked)' if fake else ''}")
                await connection.run_sync(self._run_step, step, graph.state(_state_before(step, done)), fake, connection)
                _mark(done, step)
            await self._note_squashed(connection, graph, applied)
            return steps

    def sql(self, label: str, dialect: str, *, backwards: bool = False) -> str:
        """The statements of one migration, for people who run them by hand."""
        graph = self.graph()
        migration = graph[label]
        output = io.StringIO()
        context = MigrationContext.configure(
            dialect_name=dialect, opts={"as_sql": True, "output_buffer": output, "literal_binds": True}
        )
        editor = SchemaEditor(context)
        step = Step(migration, "backwards" if backwards else "forwards")
        for stage in stages_of(step, graph.state(graph.before(label))):
            if self._is_for(stage):
                stage.operation.run(editor, stage.before, stage.after)
        return output.getvalue().strip() + "\n"

    def _run_step(self, connection: sa.Connection, step: Step, state: State, fake: bool, async_connection: Any) -> None:
        migration = step.migration
        history = History(connection)
        context = MigrationContext.configure(connection)
        editor = SchemaEditor(context, connection, async_connection)
        is_atomic = migration.atomic and editor.dialect != "mysql"
        stages = list(stages_of(step, state))
        resumed = history.unfinished().get(migration.label)
        connection.rollback()
        if fake:
            stages, resumed = [], None
        is_forwards = step.direction == "forwards"
        # How many are skipped: those that are done already, or undone already on the way back.
        done = resumed if resumed is not None else 0 if is_forwards else len(stages)
        skipped = done if is_forwards else len(stages) - done
        if resumed is not None:
            self._tell_resumed(step, stages[skipped:], done, len(stages))
        with _whole(connection) if is_atomic else _piece_by_piece(connection):
            with checked_references(editor):
                for number, stage in enumerate(stages):
                    if not self._is_for(stage) or number < skipped:
                        continue
                    if not is_atomic:
                        # Written down first: who is killed in the middle has begun this one.
                        history.add(migration.package, migration.name, number if is_forwards else len(stages) - number)
                        connection.commit()
                    self._warn(connection, stage)
                    self._run_stage(editor, stage, migration, is_resumed=resumed is not None and number == skipped)
                    if not is_atomic:
                        history.add(migration.package, migration.name, number + 1 if is_forwards else len(stages) - number - 1)
                        connection.commit()
            if is_forwards:
                history.add(migration.package, migration.name)
                for label in migration.replaces:
                    history.remove(*label.split(".", 1))
            else:
                history.remove(migration.package, migration.name)

    def _tell_resumed(self, step: Step, left: Sequence[Stage], done: int, count: int) -> None:
        following = f" It goes on with: {left[0].operation.describe()}." if left else ""
        self.say(f"{step.migration.label} was interrupted: {done} of its {count} steps are done.{following}")

    def _run_stage(self, editor: SchemaEditor, stage: Stage, migration: Migration, *, is_resumed: bool) -> None:
        try:
            stage.operation.run(editor, stage.before, stage.after)
        except sa.exc.SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).partition("\n")[0]
            is_kept = editor.dialect == "mysql" or not migration.atomic
            raise SetupError(
                f"{stage.operation.describe()} in {migration.label} failed: {said}",
                where=str(migration.path or ""),
                hint=(_HALF_DONE if is_resumed else _RESUME) if is_kept else "Nothing of this migration was kept.",
            ) from error

    def _warn(self, connection: sa.Connection, stage: Stage) -> None:
        warning = warning_for(connection, stage.operation, stage.before)
        if warning is not None:
            self.say(f"Warning: {warning}")

    def _is_for(self, stage: Stage) -> bool:
        """Whether an operation concerns the database that is migrated: others change what is known alone."""
        table = stage.operation.table
        if not table:
            return bool(getattr(stage.operation, "database", "default") == self.database)
        spec = stage.before.get(table) or stage.after.get(table)
        return spec is not None and spec.database == self.database

    async def _note_squashed(self, connection: AsyncConnection, graph: Graph, applied: Sequence[str]) -> None:
        """Write down squashed migrations whose parts have all been applied before."""
        for migration in graph.order:
            if migration.replaces and migration.label not in applied and set(migration.replaces) <= set(applied):
                await connection.run_sync(_note, migration)
                await connection.commit()


_HALF_DONE = (
    "An earlier run ended in this step, and a part of it may be done. Take back by hand what is there of it, and migrate again: "
    "it goes on with this step."
)
_RESUME = "What was done before it stays. Mend the cause and migrate again: it goes on from there."


def stages_of(step: Step, state: State) -> Iterator[Stage]:
    """The operations of a step with the states around them, in the order in which they run."""
    stages = []
    for operation in step.migration.operations:
        after = state.copy()
        operation.change(after)
        stages.append(Stage(operation, state, after))
        state = after
    if step.direction == "forwards":
        yield from stages
        return
    for stage in reversed(stages):
        yield Stage(stage.operation.inverse(stage.before), stage.after, stage.before)


def _note(connection: sa.Connection, migration: Migration) -> None:
    History(connection).add(migration.package, migration.name)


def _state_before(step: Step, done: set[str]) -> set[str]:
    return done - {step.migration.label}


def _mark(done: set[str], step: Step) -> None:
    if step.direction == "forwards":
        done.add(step.migration.label)
    else:
        done.discard(step.migration.label)


def _with_replaced(graph: Graph, applied: Sequence[str]) -> set[str]:
    """What counts as applied: also a squashed migration whose parts all were."""
    done = set(applied) & set(graph.nodes)
    for migration in graph.order:
        if migration.replaces and set(migration.replaces) <= set(applied):
            done.add(migration.label)
    return done


def find_migration(graph: Graph, package: str, target: str | None) -> Migration | None:
    """A migration by its name or the beginning of it; the last one where nothing is said, None for `zero`."""
    own = graph.of_package(package)
    if not own:
        there = ", ".join(sorted({migration.package for migration in graph.order})) or "none"
        raise SetupError(f"The package '{package}' has no migrations.", hint=f"Packages that have some: {there}.")
    if target is None:
        return own[-1]
    if target == "zero":
        return None
    found = [migration for migration in own if migration.name == target] or [m for m in own if m.name.startswith(target)]
    if len(found) != 1:
        names = ", ".join(migration.name for migration in own)
        what = f"several migrations that begin with '{target}'" if found else f"no migration '{target}'"
        raise SetupError(f"The package '{package}' has {what}.", hint=f"There are {names}, and zero.")
    return found[0]


@contextmanager
def _whole(connection: sa.Connection) -> Iterator[None]:
    with connection.begin():
        yield


@contextmanager
def _piece_by_piece(connection: sa.Connection) -> Iterator[None]:
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield
    finally:
        connection.rollback()
        connection.execution_options(isolation_level=connection.default_isolation_level)
