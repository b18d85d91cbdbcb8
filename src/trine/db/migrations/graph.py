"""The order of migrations: who comes after whom, where branches are, and what the tables are at each point."""

from collections.abc import Callable, Collection, Iterable

from trine.errors import SetupError

from .files import Migration
from .specs import State


class Graph:
    """All migrations by label. Raises `SetupError` for dependencies that are missing, or go in a circle."""

    def __init__(self, migrations: Iterable[Migration], applied: Collection[str] = ()) -> None:
        self.all = {migration.label: migration for migration in migrations}
        self._replaced = self._choose_squashed(applied)
        self.nodes = {label: migration for label, migration in self.all.items() if label not in self._replaced}
        self.order = self._sort()

    def __getitem__(self, label: str) -> Migration:
        return self.nodes[label]

    def __contains__(self, label: object) -> bool:
        return label in self.nodes

    def needs(self, migration: Migration) -> list[str]:
        """The labels of what has to be applied before it."""
        return [self._replaced.get(label, label) for label in migration.dependencies]

    def of_package(self, package: str) -> list[Migration]:
        """A package's migrations, in their order."""
        return [migration for migration in self.order if migration.package == package]

    def leaves(self, package: str) -> list[Migration]:
        """The last migrations of a package: one, or several where branches have not been merged."""
        own = self.of_package(package)
        needed = {label for migration in own for label in self.needs(migration)}
        return [migration for migration in own if migration.label not in needed]

    def refuse_branches(self) -> None:
        """Raise for packages with several last migrations: nobody knows in which order they belong."""
        for package in dict.fromkeys(migration.package for migration in self.order):
            leaves = self.leaves(package)
            if len(leaves) > 1:
                names = " and ".join(migration.name for migration in leaves)
                raise SetupError(
                    f"The migrations of '{package}' have branches: {names} both come last.",
                    hint="Join them: trine makemigrations --merge.",
                )

    def before(self, label: str) -> set[str]:
        """Everything that a migration needs, directly or not."""
        return self._reach(label, self.needs)

    def after(self, label: str) -> set[str]:
        """Everything that needs a migration, directly or not."""
        needed_by: dict[str, list[str]] = {}
        for migration in self.order:
            for need in self.needs(migration):
                needed_by.setdefault(need, []).append(migration.label)
        return self._reach(label, lambda migration: needed_by.get(migration.label, []))

    def state(self, labels: Collection[str] | None = None) -> State:
        """The tables after some migrations; after all of them where nothing is said."""
        state = State()
        for migration in self.order:
            if labels is None or migration.label in labels:
                change_state(state, migration)
        return state

    def _reach(self, label: str, step: Callable[[Migration], list[str]]) -> set[str]:
        found, waiting = set[str](), step(self.nodes[label])
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += step(self.nodes[current])
        return found

    def _choose_squashed(self, applied: Collection[str]) -> dict[str, str]:
        """Which migrations a squashed one stands for. Where some of them are applied and some are not, they count themselves."""
        replaced = {}
        for migration in self.all.values():
            there = [label for label in migration.replaces if label in applied]
            if not migration.replaces:
                continue
            if there and len(there) < len(migration.replaces) and migration.label not in applied:
                replaced[migration.label] = migration.replaces[-1]
            else:
                replaced.update(dict.fromkeys(migration.replaces, migration.label))
        return replaced

    def _sort(self) -> list[Migration]:
        order: list[Migration] = []
        done: set[str] = set()
        left = sorted(self.nodes.values(), key=lambda migration: (migration.package, migration.name))
        for migration in left:
            for need in self.needs(migration):
                if need not in self.nodes:
                    raise SetupError(
                        f"The migration {migration.label} needs '{need}', which is not there.",
                        where=str(migration.path or ""),
                        hint="Correct its dependencies, or bring the file back.",
                    )
        while left:
            free = [migration for migration in left if done.issuperset(self.needs(migration))]
            if not free:
                names = ", ".join(migration.label for migration in left)
                raise SetupError(f"Migrations depend on each other in a circle: {names}.", hint="Correct their dependencies.")
            order += free
            done.update(migration.label for migration in free)
            left = [migration for migration in left if migration.label not in done]
        return order


def change_state(state: State, migration: Migration) -> None:
    """Change a state as a migration does. Raises `SetupError` where it does not fit."""
    for operation in migration.operations:
        try:
            operation.change(state)
        except KeyError as error:
            message = f"{operation.describe()} in the migration {migration.label} does not fit: {error.args[0]}"
            raise SetupError(message, where=str(migration.path or "")) from error
