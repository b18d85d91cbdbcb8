"""A site with three Flask extensions runs where Flask is not installed, behind Trine's server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ASK = "from programs import COLLECTIONS, environment; print(environment(COLLECTIONS['flask'], 'trine'))"


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_login_forms_and_database_work_by_alias():
    built = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, cwd=HERE).stdout
    python = built.splitlines()[-1]
    command = [python, "-m", "pytest", "-q", "--noconftest", "-c", os.devnull, "check_notes.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE / "extension_site")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "13 passed" in done.stdout
