"""Real databases for logs that are kept there."""

from collections.abc import Iterator

import pytest

from .. import services


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of SQLite."""
    return f"sqlite:///{tmp_path_factory.mktemp('replay') / 'events.sqlite3'}"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL with a database of its own."""
    with services.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    """A MariaDB with a database of its own."""
    with services.mariadb() as url:
        yield url
