"""What every test may use. Tests of a room keep their own fixtures beside them."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Trine runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for Playwright's `executable_path`. Without one the test is skipped, and fails in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report("no Chromium here: make setup-system installs it")
    return found


@pytest.fixture
def load_program() -> Iterator[Callable[[Path], ModuleType]]:
    """Import a program by its path, as `trine run` would, and forget it after the test."""
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
