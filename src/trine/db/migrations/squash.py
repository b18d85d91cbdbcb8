"""Many migrations as one: what cancels out is left out."""

from dataclasses import dataclass
from itertools import takewhile

from .detect import detect
from .files import Kept, Migration
from .graph import Graph
from .kept import Sources
from .operations import Operation
from .specs import State
from .write import is_own


class _Nobody:
    """Nothing has to be asked where one begins with no tables."""

    def is_said(self, old: str, new: str) -> bool:
        return False

    def was_table_renamed(self, old: str, new: str) -> bool:
        return False

    def was_column_renamed(self, table: str, old: str, new: str) -> bool:
        return False

    def fill(self, table: str, column: str) -> None:
        return None


def squash(graph: Graph, package: str, last: Migration, name: str) -> Migration:
    """One migration for a package's first ones, up to one that is named.

    Steps that change the schema become the tables that there are at the end. SQL and Python of your own is kept, in its place:
    what comes behind it stays as it is, step by step. What is `elidable` is left out.
    """
    squashed = [
        migration for migration in graph.of_package(package) if migration.label in graph.before(last.label) or migration is last
    ]
    labels = [migration.label for migration in squashed]
    outside = [need for migration in squashed for need in graph.needs(migration) if need not in labels]
    foreign = set(outside).union(*(graph.before(label) for label in outside)) - set(labels)
    first, rest = _parted(squashed)
    before = graph.state(foreign)
    operations = [*_from_nothing(before, first, package), *(step.operation for step in rest)]
    return Migration(
        package,
        name,
        tuple(dict.fromkeys(outside)),
        tuple(operations),
        atomic=all(step.migration.atomic for step in rest),
        replaces=tuple(labels),
        kept=_kept(rest),
    )


@dataclass(frozen=True)
class _Step:
    migration: Migration
    number: int
    """Its place in the migration's list."""

    @property
    def operation(self) -> Operation:
        return self.migration.operations[self.number]


def _parted(squashed: list[Migration]) -> tuple[list[_Step], list[_Step]]:
    """The steps before the first one of your own, and that one with all behind it."""
    steps = [_Step(migration, number) for migration in squashed for number in range(len(migration.operations))]
    left = [step for step in steps if not step.operation.elidable]
    first = list(takewhile(lambda step: not is_own(step.operation), left))
    return first, left[len(first) :]


def _from_nothing(before: State, steps: list[_Step], package: str) -> list[Operation]:
    after = before.copy()
    for step in steps:
        step.operation.change(after)
    packages = dict.fromkeys([*before, *after], package)
    return [change.operation for change in detect(before, after, packages, _Nobody())]


def _kept(steps: list[_Step]) -> dict[Operation, Kept]:
    sources = Sources()
    kept: dict[Operation, Kept] = {}
    for migration in dict.fromkeys(step.migration for step in steps):
        numbers = [step.number for step in steps if step.migration is migration and is_own(step.operation)]
        if numbers:
            found = sources.keep(migration, numbers)
            kept.update((migration.operations[number], text) for number, text in found.items())
    return kept
