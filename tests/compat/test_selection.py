"""A selection of Starlette's own suite, small enough for every run; `make conformance` runs all of it."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# These pass to the last test, on asyncio and on trio.
FILES = ["test_background", "test_config", "test_convertors", "test_endpoints", "test_schemas", "test_status", "test_templates"]


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_selection_of_starlettes_own_suite_passes():
    command = [
        sys.executable,
        str(HERE / "conformance.py"),
        "--suite",
        "starlette",
        "--here",
        *(f"tests/{name}.py" for name in FILES),
    ]
    table = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent.parent).stdout
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    failed = {name: failures for name, _, _, failures, _ in rows[2:] if failures != "0"}
    assert len(rows) == 2 + len(FILES)
    assert failed == {}
