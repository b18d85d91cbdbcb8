"""The programs of the documentation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType

import pytest

from trine.db import registry
from trine.testing import TestClient


@pytest.fixture(autouse=True)
def own_models() -> Iterator[None]:
    """Models that a program declares are forgotten after its test."""
    with registry.isolated():
        yield


@pytest.fixture
def load_example(load_program, root) -> Callable[[str], ModuleType]:
    """Import docs/examples/NAME.py."""
    return lambda name: load_program(root / "docs" / "examples" / f"{name}.py")


@pytest.fixture
def client_of(load_example) -> Iterator[Callable[[str], TestClient]]:
    """Start docs/examples/NAME.py and return a client for its `app`."""
    with ExitStack() as clients:
        yield lambda name: clients.enter_context(TestClient(load_example(name).app))
