"""Leave tests out of a run: a pytest plugin (`-p leave_out --leave-out FILE`).

Some of them wait for what only a peer's private structure could do, and would hold up the rest.
"""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--leave-out FILE`."""
    parser.addoption("--leave-out", type=Path, default=None, help="a test a line, and the reason after '#'")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests that the file names, in all their forms."""
    path = config.getoption("--leave-out")
    if path is None:
        return
    named = {line.partition("#")[0].strip() for line in path.read_text().splitlines()}
    left_out = [item for item in items if item.nodeid.partition("[")[0] in named or item.nodeid in named]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
