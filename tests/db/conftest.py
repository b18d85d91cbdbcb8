"""Real databases for the tests of this room: SQLite, PostgreSQL and MariaDB, each with tables of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from trine.db import Database

from .. import services

BACKENDS = {"sqlite": None, "postgresql": services.postgresql_server, "mysql": services.mariadb_server}


async def _run(url: str, *statements: str) -> None:
    async with Database(url, alias="server of tests") as server:
        for statement in statements:
            await server.run(statement)


@pytest.fixture(scope="session", params=list(BACKENDS))
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database, for each kind."""
    backend = request.param
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.sqlite3'}"
        return
    with BACKENDS[backend]() as server:
        name = f"trine_data_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
        asyncio.run(_run(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
        yield f"{server.rpartition('/')[0]}/{name}"
        asyncio.run(_run(server, f"DROP DATABASE {name}"))


@pytest.fixture(scope="session")
def pgvector() -> Iterator[str]:
    """The address of an empty database that knows vectors."""
    with services.pgvector() as url:
        yield url


@pytest.fixture(scope="session")
def tables(database_url: str) -> str:
    """A database with the tables of the library."""
    from . import library

    async def make() -> None:
        async with Database(database_url, alias="tables of tests") as database:
            await database.create_all()

    assert library.Book
    asyncio.run(make())
    return database_url


@pytest.fixture
async def database(tables: str) -> AsyncIterator[Database]:
    """A database with the library's tables, empty: whatever a test writes is undone."""
    async with Database(tables) as database:
        transaction = await database.begin()
        with database.pinned(transaction):
            yield database
        await database.end(transaction, commit=False)


@pytest.fixture
async def committing(tables: str) -> AsyncIterator[Database]:
    """The same where transactions are real; it is emptied afterwards."""
    async with Database(tables, pool_size=5) as database:
        yield database
        from . import library

        for model in (library.Membership, library.Club, library.Review, library.Cover, library.Book, library.Tag):
            await model.objects.delete()
        for model in (library.Author, library.Publisher, library.Country, library.Everything, library.Pair):
            await model.objects.delete()


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[Database]:
    """A database of SQLite without tables, for what is the same everywhere."""
    async with Database(f"sqlite:///{tmp_path / 'lite.sqlite3'}") as database:
        yield database


@pytest.fixture
async def shelf(database: Database) -> dict[str, Any]:
    """A few books: two authors, a publisher, three tags."""
    from .library import Author, Book, Country, Publisher, Tag

    country = await Country.objects.create(code="AT", name="Austria")
    ace = await Publisher.objects.create(name="Ace", country=country)
    ann = await Author.objects.create(name="Ann", email="ann@example.org")
    bob = await Author.objects.create(name="Bob", mentor=ann)
    dune = await Book.objects.create(title="Dune", author=ann, publisher=ace, price="12.00", pages=600)
    emma = await Book.objects.create(title="Emma", author=bob, price="7.25", pages=300)
    zoo = await Book.objects.create(title="zoo 100%", author=ann, publisher=ace, price="3.00", pages=30)
    sand, love, old = [await Tag.objects.create(name=name) for name in ("sand", "love", "old")]
    await dune.tags.add(sand, old)
    await emma.tags.add(love, old)
    return {"ann": ann, "bob": bob, "ace": ace, "dune": dune, "emma": emma, "zoo": zoo, "sand": sand, "love": love, "old": old}
