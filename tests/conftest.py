"""What every test may use. Tests of a room keep their own fixtures beside them."""

import gc
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from . import services
from .browsers import SCREENS, Reader

ROOT = Path(__file__).parent.parent

# Properties are searched by examples, never by the clock of a busy machine.
settings.register_profile("trine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("trine"), max_examples=3000)
settings.load_profile("trine")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server with a bucket named `files`."""
    with services.s3_server() as address:
        yield address


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Trine runs on asyncio."""
    return "asyncio"


@pytest.fixture(params=["asgi", "rsgi"])
def trine_interface(request: pytest.FixtureRequest) -> str:
    """Every behaviour is tested on both wires."""
    return request.param


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for Playwright's `executable_path`. Without one the test is skipped, and fails in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        services.missing("Chromium")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A running Chromium. Not for a session: while it runs, Playwright's event loop keeps out those of tests."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """By day and by night."""
    return request.param


@pytest.fixture(params=list(SCREENS))
def screen(request: pytest.FixtureRequest) -> str:
    """At a desk and on a phone."""
    return request.param


@pytest.fixture
def reader(browser: Any, axe: str, scheme: str, screen: str, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A window of each kind, whose pictures are named after the file of the test."""
    name = request.path.stem.removeprefix("test_").removesuffix("_in_browser")
    reader = Reader(browser, axe, f"{name}-{screen}-{scheme}", scheme, SCREENS[screen])
    yield reader
    reader.page.context.close()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A fresh PostgreSQL database of this process: on TRINE_TEST_POSTGRESQL_URL, the server here, or a private one."""
    with services.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A fresh MariaDB database of this process: on TRINE_TEST_MARIADB_URL, the server here, or a private one."""
    with services.mariadb() as url:
        yield url


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which finds what keeps people out of a page. Without it the test is skipped."""
    place = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
    if not place.is_file():
        pytest.skip("no axe-core here: make setup-system installs it")
    return place.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis: TRINE_TEST_REDIS_URL, or a private one. Without either the test is skipped, and fails in CI.

    Tests share it, also those of other processes: keys start with a name of the test's own.
    """
    given = os.environ.get("TRINE_TEST_REDIS_URL")
    if given is not None:
        yield given
        return
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        services.missing("Redis")
    folder = tmp_path_factory.mktemp("redis")
    place = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(place), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
        services.wait_until(lambda: _listens(place), "Redis")
        yield f"unix://{place}"
        server.terminate()


def _listens(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(place)) == 0


@pytest.fixture(scope="session")
def housing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of examples/housing with a freshly trained model in it."""
    folder = tmp_path_factory.mktemp("examples") / "housing"
    shutil.copytree(ROOT / "examples" / "housing", folder, ignore=shutil.ignore_patterns("*.skops", "__pycache__"))
    subprocess.run([sys.executable, folder / "train.py"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def load_program() -> Iterator[Callable[[Path], ModuleType]]:
    """Import a program by its path, anew each time, as `trine run` would."""
    loaded: list[str] = []

    def load(path: Path) -> ModuleType:
        name = f"program_{len(loaded)}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        sys.path.insert(0, str(path.parent))
        spec.loader.exec_module(module)
        sys.path.remove(str(path.parent))
        return module

    yield load
    for name in loaded:
        del sys.modules[name]


def pytest_collection_finish() -> None:
    """Let the collector pass over the thousands of tests themselves, each time that it looks for what a test has left."""
    gc.collect()
    gc.freeze()
