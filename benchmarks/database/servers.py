"""The databases under test: a PostgreSQL of the benchmark's own, files of SQLite in memory, a copy for each application."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from .tables import fill_postgresql, fill_sqlite


class Databases(Protocol):
    """A copy of the same rows for each application."""

    def make(self, name: str) -> str:
        """Make a copy and give its URL."""

    def empty_entries(self, name: str) -> int:
        """Empty the table that is inserted into, and tell how many rows there were."""


class SQLiteDatabases:
    """Files in memory: the disk is not what is compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        fill_sqlite(folder / "template.sqlite3")

    def make(self, name: str) -> str:
        """Copy the file."""
        shutil.copy(self.folder / "template.sqlite3", self._path(name))
        return f"sqlite:///{self._path(name)}"

    def empty_entries(self, name: str) -> int:
        """Empty the table of entries."""
        with closing(sqlite3.connect(self._path(name), timeout=30, isolation_level=None)) as database:
            count: int = database.execute("DELETE FROM entry").rowcount
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"


class PostgreSQLDatabases:
    """Databases of one server."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._names: list[str] = []
        self.make("bench_template", template="template0")
        _ask(f"{server}/bench_template", fill_postgresql)

    def make(self, name: str, template: str = "bench_template") -> str:
        """Copy the database."""
        database = name.replace("-", "_")

        async def create(connection: Any) -> None:
            await connection.execute(f"DROP DATABASE IF EXISTS {database}")
            await connection.execute(f"CREATE DATABASE {database} TEMPLATE {template}")

        _ask(f"{self.server}/postgres", create)
        return f"{self.server}/{database}"

    def empty_entries(self, name: str) -> int:
        """Empty the table of entries."""

        async def empty(connection: Any) -> int:
            count: int = await connection.fetchval("SELECT count(*) FROM entry")
            await connection.execute("TRUNCATE entry")
            await connection.execute("VACUUM book")
            return count

        return int(_ask(f"{self.server}/{name.replace('-', '_')}", empty))


@contextmanager
def sqlite_databases() -> Iterator[SQLiteDatabases]:
    """A folder in memory, where there is one."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=memory) as folder:
        yield SQLiteDatabases(Path(folder))


@contextmanager
def postgresql_databases(core: int) -> Iterator[PostgreSQLDatabases]:
    """A private PostgreSQL on a core that no application uses, without waiting for the disk."""
    programs = _programs()
    user = "postgres" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        data = Path(folder) / "data"
        if user:
            shutil.chown(folder, user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        make = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
        subprocess.run(make, user=user, check=True, capture_output=True, cwd="/")
        options = ["-c", "max_connections=300", "-c", "autovacuum=off", "-F"]
        serve = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, *options]
        command = ["taskset", "-c", str(core), *serve]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, user=user, stdout=quiet, stderr=quiet, cwd="/") as server:
            try:
                address = f"postgresql://postgres@127.0.0.1:{port}"
                _wait(address, server)
                yield PostgreSQLDatabases(address)
            finally:
                server.terminate()


def _programs() -> Path:
    # Debian keeps the programs of each version in a folder of its own, off the PATH.
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise SystemExit("PostgreSQL is not installed. Install it with: apt-get install postgresql")
    return Path(found).resolve().parent


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            _ask(f"{address}/postgres", _nothing)
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("PostgreSQL does not start here.")


async def _nothing(connection: Any) -> None:
    await connection.execute("SELECT 1")


def _ask(url: str, work: Any) -> Any:
    import asyncpg  # type: ignore[import-untyped] # it has no types

    async def ask() -> Any:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await work(connection)
        finally:
            await connection.close()

    question: Coroutine[Any, Any, Any] = ask()
    return asyncio.run(question)
