"""Many migrations as one: what cancels out is left out."""

from trine.errors import SetupError

from .detect import detect
from .files import Migration
from .graph import Graph
from .operations import Operation, RunPython, RunSQL
from .specs import State


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

    Steps that change the schema become the tables that there are at the end. SQL and Python of your own has to be left out or
    kept by hand: raises `SetupError` where there is some, and names it.
    """
    squashed = [
        migration for migration in graph.of_package(package) if migration.label in graph.before(last.label) or migration is last
    ]
    labels = [migration.label for migration in squashed]
    own_steps = [
        f"{operation.describe()} in {migration.name}"
        for migration in squashed
        for operation in migration.operations
        if isinstance(operation, RunPython | RunSQL)
    ]
    if own_steps:
        raise SetupError(
            f"The migrations of '{package}' cannot be squashed: {'; '.join(own_steps)}.",
            hint="Remove what every database has behind it, or squash up to the migration before.",
        )
    outside = [need for migration in squashed for need in graph.needs(migration) if need not in labels]
    operations = _from_nothing(graph, package, labels, outside)
    return Migration(package, name, tuple(dict.fromkeys(outside)), tuple(operations), replaces=tuple(labels))


def _from_nothing(graph: Graph, package: str, labels: list[str], outside: list[str]) -> list[Operation]:
    foreign = set(outside).union(*(graph.before(label) for label in outside)) - set(labels)
    before = graph.state(foreign)
    after = graph.state(foreign | set(labels))
    packages = dict.fromkeys([*before, *after], package)
    return [change.operation for change in detect(before, State(after), packages, _Nobody())]
