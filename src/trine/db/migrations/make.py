"""New migrations: what the models say now, against what the migrations have said so far."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from trine.errors import SetupError

from .detect import Change, Questions, detect
from .files import Folders, Migration
from .graph import Graph
from .operations import AlterKey, CreateTable, Operation, RenameTable
from .specs import State
from .write import slug_of, source_of


@dataclass(frozen=True)
class Models:
    """What the models are now: their tables, and the package that each belongs to."""

    state: State
    packages: dict[str, str]
    modules: list[tuple[str, str]]
    """Pairs of a package and a module with models in it."""

    @classmethod
    def of(cls, models: Iterable[type[Any]], metadata: sa.MetaData) -> "Models":
        """Read them. Tables between two models belong to the one that declares the relation."""
        packages: dict[str, str] = {}
        databases: dict[str, str] = {}
        unmanaged = set()
        modules = []
        for model in models:
            options: Any = getattr(model, "__options__")  # noqa: B009 - models are typed by their own room
            table: Any = getattr(model, "__table__", None)
            if table is None:
                continue
            modules.append((options.package, model.__module__))
            relations = getattr(model, "__relations__").values()  # noqa: B009 - the same
            between = [relation.through for relation in relations if relation.through_model is None]
            for name in [table.name, *(made.name for made in between if made is not None)]:
                packages.setdefault(name, options.package)
                databases.setdefault(name, options.database)
            if not options.managed:
                unmanaged.add(table.name)
        tables = [table for table in metadata.tables.values() if table.name in packages and table.name not in unmanaged]
        return cls(State.read(tables, databases), packages, modules)


def make_migrations(
    models: Models,
    migrations: Sequence[Migration],
    questions: Questions,
    *,
    only: Collection[str] = (),
    name: str | None = None,
) -> list[Migration]:
    """The migrations that are missing, for all packages or for some. Nothing is written."""
    graph = Graph(migrations)
    graph.refuse_branches()
    owners = owners_of(graph)
    known = {package for package, _ in models.modules} | set(only)
    # A package without any model here was not loaded, as far as one can know: its tables stay.
    before = State({table: spec for table, spec in graph.state().items() if owners[table] in known})
    packages = {**owners, **models.packages}
    changes = detect(before, models.state, packages, questions)
    chosen = [change for change in changes if not only or change.package in only]
    return _into_migrations(chosen, graph, packages, name)


def empty_migration(graph: Graph, package: str, name: str | None) -> Migration:
    """A migration that waits for what only a person can write."""
    leaves = graph.leaves(package)
    number = max((migration.number for migration in graph.of_package(package)), default=0) + 1
    return Migration(package, f"{number:04d}_{name or 'custom'}", tuple(leaf.label for leaf in leaves))


def merge_branches(graph: Graph, package: str, name: str | None = None) -> Migration:
    """A migration that joins a package's branches. Raises `SetupError` where both change the same thing."""
    leaves = graph.leaves(package)
    if len(leaves) < 2:
        raise SetupError(f"The migrations of '{package}' have no branches.")
    _refuse_conflicts(graph, leaves)
    number = max(migration.number for migration in graph.of_package(package)) + 1
    name = name or "merge_" + "_".join(leaf.name[:4] for leaf in leaves)
    doc = f"Join {' and '.join(leaf.name for leaf in leaves)}."
    return Migration(package, f"{number:04d}_{name}", tuple(leaf.label for leaf in leaves), doc=doc)


def write_migration(migration: Migration, folders: Folders) -> Path:
    """Write a migration's file."""
    folder = folders[migration.package]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{migration.name}.py"
    with path.open("x", encoding="utf-8") as file:
        file.write(source_of(migration))
    return path


def owners_of(graph: Graph) -> dict[str, str]:
    """The package whose migrations made each table."""
    owners = {}
    for migration in graph.order:
        for operation in migration.operations:
            if isinstance(operation, CreateTable):
                owners[operation.table] = migration.package
            elif isinstance(operation, RenameTable):
                owners[operation.to] = owners.get(operation.table, migration.package)
    return owners


def _into_migrations(changes: Sequence[Change], graph: Graph, packages: dict[str, str], name: str | None) -> list[Migration]:
    """One migration for each package, and a second one for keys in a circle of packages."""
    made: dict[tuple[str, bool], list[Operation]] = {}
    for change in sorted(changes, key=lambda change: change.later):
        made.setdefault((change.package, change.later), []).append(change.operation)
    last = {package: leaves[-1].label for package in {m.package for m in graph.order} if (leaves := graph.leaves(package))}
    numbers = {package: max(m.number for m in graph.of_package(package)) for package in last}
    names: dict[tuple[str, bool], str] = {}
    for (package, later), operations in made.items():
        numbers[package] = numbers.get(package, 0) + 1
        is_first = numbers[package] == 1
        slug = name or ("initial" if is_first else slug_of(operations))
        names[package, later] = f"{numbers[package]:04d}_{slug}"
    migrations = []
    for (package, later), operations in made.items():
        needs = [f"{package}.{names[package, False]}"] if later and (package, False) in names else []
        if not needs and package in last:
            needs.append(last[package])
        for other in _foreign_packages(operations, package, packages):
            first = names.get((other, False))
            if first is not None:
                needs.append(f"{other}.{first}")
            elif other in last:
                needs.append(last[other])
        needs += [last[other] for other in _had_referred(operations, package, graph)]
        migrations.append(Migration(package, names[package, later], tuple(dict.fromkeys(needs)), tuple(operations)))
    return migrations


def _foreign_packages(operations: Iterable[Operation], package: str, packages: dict[str, str]) -> list[str]:
    needed = [packages.get(table) for operation in operations for table in operation.tables()]
    return [other for other in dict.fromkeys(needed) if other is not None and other != package]


def _had_referred(operations: Iterable[Operation], package: str, graph: Graph) -> list[str]:
    """Packages whose migrations have referred to a table whose key changes: on a new database, theirs come first."""
    rekeyed = {operation.table for operation in operations if isinstance(operation, AlterKey)}
    return list(
        dict.fromkeys(
            migration.package
            for migration in graph.order
            for operation in migration.operations
            if migration.package != package and not rekeyed.isdisjoint(operation.tables())
        )
    )


def _refuse_conflicts(graph: Graph, leaves: Sequence[Migration]) -> None:
    common = set.intersection(*(graph.before(leaf.label) for leaf in leaves))
    touched: dict[str, str] = {}
    for leaf in leaves:
        own = [graph[label] for label in (graph.before(leaf.label) | {leaf.label}) - common]
        for migration in own:
            for operation in migration.operations:
                for what in _touches(operation):
                    other = touched.get(what)
                    if other is not None and other != leaf.name:
                        raise SetupError(
                            f"The branches {other} and {leaf.name} of '{leaf.package}' both change {what}.",
                            hint="Decide which one counts: delete or rewrite one of them, then merge.",
                        )
                    touched[what] = leaf.name


def _touches(operation: Operation) -> list[str]:
    """What nobody else may change at the same time."""
    if not operation.table:
        return []
    column: Any = getattr(operation, "column", None)
    if column is None:
        thing = getattr(operation, "constraint", None) or getattr(operation, "index", None)
        return [f"{operation.table}.{thing.name}"] if thing is not None else [operation.table]
    return [f"{operation.table}.{column if isinstance(column, str) else column.name}"]
