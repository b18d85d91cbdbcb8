"""The programs of the documentation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from trine.testing import TestClient


@pytest.fixture
def client_of(load_program, root) -> Iterator[Callable[[str], TestClient]]:
    """Start docs/examples/NAME.py and return a client for its `app`."""
    with ExitStack() as clients:
        yield lambda name: clients.enter_context(TestClient(load_program(root / "docs" / "examples" / f"{name}.py").app))
