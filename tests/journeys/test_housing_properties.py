"""Schemathesis asks the housing service whatever its own documentation allows, and much that it forbids."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("skops")


@pytest.mark.slow
def test_no_check_of_schemathesis_fails(housing, serve, tmp_path):
    server = serve(housing / "app.py")
    tool = Path(sys.executable).with_name("schemathesis")
    command = [
        tool,
        "run",
        f"{server.url}/openapi.json",
        "--checks",
        "all",
        "--max-examples",
        "150",
        "--seed",
        "1987",
        "--no-color",
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
