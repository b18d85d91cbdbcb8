"""Selections of Starlette's and Flask's own suites, small enough for every run; `make conformance` runs all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# These pass to the last test, on asyncio and on trio.
FILES = ["test_background", "test_config", "test_convertors", "test_endpoints", "test_schemas", "test_status", "test_templates"]

# All but those that ask for asgiref or greenlet, or for what today's Werkzeug no longer does.
FLASK_FILES = [
    *(
        "appctx",
        "basic",
        "blueprints",
        "cli",
        "config",
        "converters",
        "helpers",
        "instance_config",
        "json",
        "json_tag",
        "logging",
    ),
    *("regression", "request", "session_interface", "signals", "subclassing", "templating", "testing", "user_error_handler"),
    "views",
]


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_selection_of_starlettes_own_suite_passes():
    rows = table_of("starlette", *(f"tests/{name}.py" for name in FILES))
    assert len(rows) == len(FILES)
    assert {name: failures for name, failures in rows.items() if failures} == {}


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_selection_of_flasks_own_suite_passes():
    rows = table_of("flask", *(f"tests/test_{name}.py" for name in FLASK_FILES))
    assert len(rows) == len(FLASK_FILES)
    assert {name: failures for name, failures in rows.items() if failures} == {}


def table_of(suite, *paths):
    """The failures of each row that conformance.py prints."""
    command = [sys.executable, str(HERE / "conformance.py"), "--suite", suite, "--here", *paths]
    table = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent.parent).stdout
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    return {name: int(failures) for name, _, _, failures, _ in rows[2:]}
