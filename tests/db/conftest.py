"""Real databases for the tests of this room: SQLite, PostgreSQL and MariaDB, each with tables of its own."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from trine.db import Database

SERVERS = {
    "postgresql": ("TRINE_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mysql": ("TRINE_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql"),
}
BACKENDS = ("sqlite", "postgresql", "mysql")


def server_url(backend: str) -> str:
    """The address of a server that tests may make databases on."""
    variable, usual = SERVERS[backend]
    given = os.environ.get(variable)
    if given is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", 5432 if backend == "postgresql" else 3306)) != 0:
                report = pytest.fail if os.environ.get("CI") else pytest.skip
                report(f"no {backend} here: set {variable}")
    return given or usual


async def _run(url: str, *statements: str) -> None:
    async with Database(url, alias="server of tests") as server:
        for statement in statements:
            await server.run(statement)


@pytest.fixture(scope="session", params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database, for each kind."""
    backend = request.param
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.sqlite3'}"
        return
    server = server_url(backend)
    name = f"trine_test_{os.getpid()}"
    asyncio.run(_run(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    yield f"{server.rpartition('/')[0]}/{name}"
    asyncio.run(_run(server, f"DROP DATABASE {name}"))


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
