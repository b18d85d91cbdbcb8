"""What has to be done to get from one state to another: the autodetector."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from trine.errors import SetupError

from ..types import Vector
from .operations import (
    NOT_GIVEN,
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterKey,
    CreateExtension,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
)
from .specs import ColumnSpec, ConstraintSpec, IndexSpec, State, TableSpec, default_index_name

T = TypeVar("T")


class Questions(Protocol):
    """Who knows what two states alone do not tell."""

    def is_said(self, old: str, new: str) -> bool:
        """Whether somebody has said that a table or a `table.column` is renamed, however little the two are alike."""
        ...

    def was_table_renamed(self, old: str, new: str) -> bool:
        """Whether a table that is gone lives on under the name of a new one."""
        ...

    def was_column_renamed(self, table: str, old: str, new: str) -> bool:
        """Whether a column that is gone lives on under the name of a new one."""
        ...

    def fill(self, table: str, column: str) -> Any:
        """What rows that are there get in a column that may not be NULL. Raises `SetupError` where nobody knows."""
        ...


@dataclass(frozen=True)
class Change:
    """An operation, and the package whose migration it belongs to."""

    package: str
    operation: Operation
    later: bool = False
    """Whether it has to wait for a second migration of its package: foreign keys in a circle of packages."""


def detect(before: State, after: State, packages: dict[str, str], questions: Questions) -> list[Change]:
    """Find the operations that turn one state into the other, in an order in which they can be run.

    `packages` says which package a table belongs to.
    """
    return list(_Detector(before, after, packages, questions).changes())


class _Detector:
    def __init__(self, before: State, after: State, packages: dict[str, str], questions: Questions) -> None:
        self.state = before.copy()
        self.after = after
        self.packages = dict(packages)
        self.questions = questions
        self.rekeyed: list[str] = []
        self.late: list[tuple[str, ConstraintSpec, bool]] = []

    def changes(self) -> Iterator[Change]:
        yield from self._rename_tables()
        # What is over columns goes first and comes last: then columns come and go freely between.
        common = [name for name in self.after if name in self.state]
        for name in common:
            self._refuse_move(self.state[name], self.after[name])
        for name in common:
            yield from self._rename_columns(name)
        self.rekeyed = [name for name in common if _has_other_key(self.state[name], self.after[name])]
        self._refuse_references()
        for name in common:
            yield from self._drop_over_columns(name)
        yield from self._drop_references()
        yield from self._create_extensions()
        yield from self._create_tables()
        for name in common:
            yield from self._change_columns(name)
        for table, key, is_circular in self.late:
            yield self._do(AddConstraint.of(table, key), table, later=is_circular)
        for name in common:
            yield from self._add_over_columns(name)
        yield from self._drop_tables()

    def _do(self, operation: Operation, table: str, *, later: bool = False) -> Change:
        operation.change(self.state)
        return Change(self.packages[table], operation, later)

    def _refuse_move(self, old: TableSpec, new: TableSpec) -> None:
        if old.database != new.database:
            raise SetupError(
                f"The table '{new.name}' is in the database '{old.database}', and its model is in '{new.database}' now.",
                hint="No migration carries rows to another database. Give the model another table there (Meta.db_table), and "
                "copy the rows, or write DropTable and CreateTable in an empty migration.",
            )

    def _create_extensions(self) -> Iterator[Change]:
        """Each package whose first vector this is has the extension made: it may be alone in a database."""
        had = {(self.packages[spec.name], spec.database) for spec in self.state.values() if _has_vector(spec)}
        for spec in self.after.values():
            place = self.packages[spec.name], spec.database
            if place not in had and _has_vector(spec):
                had.add(place)
                yield Change(place[0], CreateExtension("vector", database=spec.database))

    # Tables -----------------------------------------------------------------------------------------------------

    def _rename_tables(self) -> Iterator[Change]:
        gone = [name for name in self.state if name not in self.after]
        new = [name for name in self.after if name not in self.state]
        for added in new:
            for old in list(gone):
                may_be = self.questions.is_said(old, added) or _resemble(self.state[old], self.after[added])
                is_near = may_be and self.packages.get(old) == self.packages[added]
                is_near = is_near and self.state[old].database == self.after[added].database
                if is_near and self.questions.was_table_renamed(old, added):
                    gone.remove(old)
                    self.packages[added] = self.packages[old]
                    yield self._do(RenameTable(old, added), added)
                    break

    def _create_tables(self) -> Iterator[Change]:
        new = [self.after[name] for name in self.after if name not in self.state]
        circle = _package_circle(new, self.packages)
        for spec in _by_need(new):
            now = []
            for key in spec.constraints:
                is_circular = key.kind == "foreign_key" and (self.packages[spec.name], self.packages.get(key.target)) in circle
                waits = key.kind == "foreign_key" and key.target not in self.state and key.target != spec.name
                if is_circular or (waits and key.target in self.after) or key.target in self.rekeyed:
                    self.late.append((spec.name, key, is_circular))
                else:
                    now.append(key)
            yield self._do(CreateTable.of(replace(spec, constraints=tuple(now))), spec.name)

    def _drop_tables(self) -> Iterator[Change]:
        gone = [self.state[name] for name in self.state if name not in self.after]
        for spec in reversed(_by_need(gone)):
            for other in [table for table in self.state.values() if table.name != spec.name]:
                for key in list(other.foreign_keys()):
                    if key.target == spec.name:
                        # Only in a circle, or where the model of an unmanaged table still names it.
                        yield self._do(DropConstraint(other.name, key.name), other.name)
            yield self._do(DropTable(spec.name), spec.name)

    # Columns ----------------------------------------------------------------------------------------------------

    def _rename_columns(self, table: str) -> Iterator[Change]:
        old, new = self.state[table], self.after[table]
        gone = [column for column in old.columns if column.name not in new.names]
        for added in [column for column in new.columns if column.name not in old.names]:
            for column in gone:
                is_alike = replace(column, name=added.name, nullable=added.nullable, default=added.default, comment=added.comment)
                may_be = is_alike == added or self.questions.is_said(f"{table}.{column.name}", f"{table}.{added.name}")
                if may_be and self.questions.was_column_renamed(table, column.name, added.name):
                    gone.remove(column)
                    yield self._do(RenameColumn(table, column.name, added.name), table)
                    break

    def _change_columns(self, table: str) -> Iterator[Change]:
        old, new = self.state[table], self.after[table]
        # What leaves the key, or is no longer counted, can be anything else only behind the change of the key.
        waiting = [column for column in new.columns if column.name in old.key and _loses(old.column(column.name), column)]
        for column in new.columns:
            if column.name not in old.names:
                keys = tuple(key for key in new.foreign_keys() if self._comes_with(key, column))
                # The index of a foreign key comes and goes with it: MySQL keeps one as long as there is the other.
                plain = IndexSpec(default_index_name(table, column.name), (column.name,))
                indexes = tuple(index for index in new.indexes if keys and index == plain and index.name == plain.name)
                added = _under_old_key(column) if table in self.rekeyed else column
                yield self._do(AddColumn.of(table, added, keys, indexes, self._fill_of(table, added)), table)
            elif column not in waiting:
                yield from self._alter_column(table, _under_old_key(column, old.column(column.name)))
        if table in self.rekeyed:
            yield self._do(AlterKey.of(new), table)
        for column in waiting:
            yield from self._alter_column(table, column, has_null=False)
        for name in [name for name in old.names if name not in new.names]:
            yield self._do(DropColumn(table, name), table)

    def _comes_with(self, key: ConstraintSpec, column: ColumnSpec) -> bool:
        """Whether a foreign key is added with its column; one to a key that is yet to come is not."""
        return key.columns == (column.name,) and key.target not in self.rekeyed

    def _alter_column(self, table: str, column: ColumnSpec, *, has_null: bool = True) -> Iterator[Change]:
        known = self.state[table].column(column.name)
        if known != column:
            is_filled = has_null and known.nullable and not column.nullable
            fill = self._fill_of(table, column) if is_filled else NOT_GIVEN
            yield self._do(AlterColumn.of(table, column, fill), table)

    def _fill_of(self, table: str, column: ColumnSpec) -> Any:
        if column.nullable or column.computed is not None or column.default is not None:
            return NOT_GIVEN
        return self.questions.fill(table, column.name)

    # Keys -------------------------------------------------------------------------------------------------------

    def _refuse_references(self) -> None:
        """Raise where rows of other tables would no longer find what they refer to: no new value can be known for them."""
        for table in self.rekeyed:
            for other in self.state.values():
                for key in other.foreign_keys():
                    if key.target == table and self._is_lost(key) and self._stays(other, key):
                        raise SetupError(
                            f"The key of the table '{table}' changes, and '{other.name}.{', '.join(key.columns)}' refers to it.",
                            hint="Write three migrations: make it a plain field, which drops the foreign key; change the key; "
                            "then refer to the new one.",
                        )

    def _is_lost(self, key: ConstraintSpec) -> bool:
        """Whether a foreign key refers to a key that goes, or whose values become others."""
        old, new = self.state[key.target], self.after[key.target]
        if set(key.target_columns) != set(old.key):
            return False
        return set(new.key) != set(old.key) or any(old.column(name).type_code != new.column(name).type_code for name in old.key)

    def _stays(self, table: TableSpec, key: ConstraintSpec) -> bool:
        """Whether the columns of a foreign key go on referring to the same table, or another package would have to be first."""
        after = self.after.get(table.name)
        left = [] if after is None else [(found.columns, found.target) for found in after.foreign_keys()]
        return (key.columns, key.target) in left or self.packages.get(table.name) != self.packages[key.target]

    def _drop_references(self) -> Iterator[Change]:
        """Drop the foreign keys of tables that go, where they would hold a key that changes."""
        for spec in [spec for name, spec in self.state.items() if name not in self.after]:
            for key in list(spec.foreign_keys()):
                if key.target in self.rekeyed:
                    yield self._do(DropConstraint(spec.name, key.name), spec.name)

    # Over columns -----------------------------------------------------------------------------------------------

    def _drop_over_columns(self, table: str) -> Iterator[Change]:
        old, new = self.state[table], self.after[table]
        # Foreign keys first: MySQL keeps the indexes that they use.
        for constraint in sorted(_missing(old.constraints, new.constraints), key=lambda found: found.kind != "foreign_key"):
            yield self._do(DropConstraint(table, constraint.name), table)
        for index in _missing(old.indexes, new.indexes):
            yield self._do(DropIndex(table, index.name), table)

    def _add_over_columns(self, table: str) -> Iterator[Change]:
        old, new = self.state[table], self.after[table]
        for index in _missing(new.indexes, old.indexes):
            yield self._do(CreateIndex.of(table, index), table)
        for constraint in _missing(new.constraints, old.constraints):
            yield self._do(AddConstraint.of(table, constraint), table)


def _missing(some: Iterable[T], others: Iterable[T]) -> list[T]:
    """What some have and others do not; of equal ones, as many as are missing."""
    left = list(others)
    found = []
    for thing in some:
        if thing in left:
            left.remove(thing)
        else:
            found.append(thing)
    return found


def _has_other_key(old: TableSpec, new: TableSpec) -> bool:
    """Whether the key has other columns, or is counted or not. Their order alone changes nothing that anybody sees."""
    return set(old.key) != set(new.key) or old.is_counted != new.is_counted


def _loses(known: ColumnSpec, column: ColumnSpec) -> bool:
    return not column.primary_key or (known.counted and not column.counted)


def _under_old_key(column: ColumnSpec, known: ColumnSpec | None = None) -> ColumnSpec:
    """A column as it is until the key changes. One that will be counted may be NULL: the change of the key brings numbers."""
    known = known or replace(column, primary_key=False, counted=False, nullable=True)
    waits = column.counted and not known.counted
    nullable = known.nullable if waits else column.nullable
    return replace(column, primary_key=known.primary_key, counted=known.counted, nullable=nullable)


def _has_vector(spec: TableSpec) -> bool:
    return any(isinstance(column.type, Vector) for column in spec.columns)


def _resemble(old: TableSpec, new: TableSpec) -> bool:
    """Whether a table may be another one with a new name: at least half of their columns are called the same."""
    ours, theirs = set(old.names), set(new.names)
    return len(ours & theirs) * 2 >= max(len(ours), len(theirs))


def _by_need(tables: list[TableSpec]) -> list[TableSpec]:
    """Tables behind those that they refer to, as far as that goes; otherwise as they come."""
    left, done = list(tables), list[TableSpec]()
    while left:
        names = {spec.name for spec in left}
        free = [spec for spec in left if not any(key.target in names - {spec.name} for key in spec.foreign_keys())]
        # A circle is opened at its first table: the key that is missing there comes later.
        chosen = free or left[:1]
        done += chosen
        left = [spec for spec in left if spec not in chosen]
    return done


def _package_circle(tables: list[TableSpec], packages: dict[str, str]) -> set[tuple[str, str]]:
    """Pairs of packages whose new tables refer to each other, also over others, each time the pair that is broken up."""
    needs: dict[str, set[str]] = {}
    new = {spec.name for spec in tables}
    for spec in tables:
        for key in spec.foreign_keys():
            mine, theirs = packages[spec.name], packages.get(key.target)
            if theirs is not None and theirs != mine and key.target in new:
                needs.setdefault(mine, set()).add(theirs)
    return {(one, other) for one in needs for other in needs[one] if _reaches(needs, other, one)}


def _reaches(needs: dict[str, set[str]], start: str, goal: str) -> bool:
    seen, waiting = set[str](), [start]
    while waiting:
        package = waiting.pop()
        if package == goal:
            return True
        if package not in seen:
            seen.add(package)
            waiting += needs.get(package, ())
    return False
