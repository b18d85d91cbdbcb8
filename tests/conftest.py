"""What every test may use. Tests of a room keep their own fixtures beside them."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

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
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report("no Chromium here: make setup-system installs it")
    return found


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
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
