"""Real databases for logs that are kept there."""

import pytest


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of SQLite."""
    return f"sqlite:///{tmp_path_factory.mktemp('replay') / 'events.sqlite3'}"


@pytest.fixture(scope="session")
def mysql_url(mariadb_url: str) -> str:
    """The same under the name of its dialect."""
    return mariadb_url
