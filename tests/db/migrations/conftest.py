"""Histories that grow: schemas as SQLAlchemy's tables, migrated on real databases."""

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from trine.db.migrations.answers import Answers
from trine.db.migrations.files import Migration, load_migration
from trine.db.migrations.make import Models, make_migrations
from trine.db.migrations.run import Migrator
from trine.db.migrations.specs import State
from trine.db.migrations.write import source_of

_numbers = itertools.count()


class Growth:
    """A history of one or several packages, and what it takes to let it grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.migrations: list[Migration] = []
        self.said: list[str] = []

    def models(self, metadata: sa.MetaData, packages: dict[str, str] | None = None) -> Models:
        packages = packages or dict.fromkeys(metadata.tables, "shop")
        for table in metadata.tables:
            packages.setdefault(table, "shop")
        return Models(
            State.read(metadata.tables.values()), packages, [(package, package) for package in {*packages.values(), "shop"}]
        )

    def make(self, metadata: sa.MetaData, *, packages: dict[str, str] | None = None, name: str | None = None, **answers):
        """Write the migrations that are missing, and read them back from their files."""
        asked = Answers(**{"never_rename": not answers.get("renames"), **answers})
        new = make_migrations(self.models(metadata, packages), self.migrations, asked, name=name)
        return [self.add(migration) for migration in new]

    def add(self, migration: Migration) -> Migration:
        path = self.folder / migration.package / f"{migration.name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source_of(migration))
        return self.add_file(migration.package, path)

    def write(self, name: str, source: str, package: str = "shop") -> Migration:
        """Add a migration that somebody wrote."""
        path = self.folder / package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        return self.add_file(package, path)

    def add_file(self, package: str, path: Path) -> Migration:
        loaded = load_migration(package, path)
        self.migrations.append(loaded)
        return loaded

    @property
    def migrator(self) -> Migrator:
        return Migrator(self.migrations, say=self.said.append)


@pytest.fixture
def growth(tmp_path) -> Growth:
    """A history that is empty."""
    return Growth(tmp_path)


@pytest.fixture
def url_of(request, tmp_path) -> Callable[[str], str]:
    """The URL of a database of a kind that nobody has used."""

    def fresh(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'{next(_numbers)}.db'}"
        return request.getfixturevalue({"postgresql": "postgresql_url", "mysql": "mariadb_url", "pgvector": "pgvector"}[kind])

    return fresh


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
async def url(request, url_of) -> str:
    """An empty database of each kind."""
    url = url_of(request.param)
    await empty(url)
    return url


async def empty(url: str) -> None:
    """Drop every table."""
    from trine.db.migrations.engine import connect

    async with connect(url) as connection:
        await connection.run_sync(_drop_all)
        await connection.commit()


def _drop_all(connection: sa.Connection) -> None:
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
    quote = connection.dialect.identifier_preparer.quote
    for table in sa.inspect(connection).get_table_names():
        connection.exec_driver_sql(f"DROP TABLE {quote(table)}{' CASCADE' if connection.dialect.name == 'postgresql' else ''}")
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")


async def differences(connection: AsyncConnection, metadata: sa.MetaData) -> list:
    """What Alembic finds between tables and the database: nothing, when all went well."""

    def compare(sync: sa.Connection) -> list:
        ignore = {"include_object": lambda thing, name, kind, reflected, other: name != "trine_migrations"}
        context = MigrationContext.configure(sync, opts={"compare_type": True, **ignore})
        with warnings.catch_warnings():
            # It cannot sort tables that refer to each other in a circle, and need not.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            return compare_metadata(context, metadata)

    found = await connection.run_sync(compare)
    await connection.rollback()
    return found
