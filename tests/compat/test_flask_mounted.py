"""Flask itself, mounted below a path: its files, streams and uploads work, and it shares the session of Trine's pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ASK = "from conformance import SUITES, environment, unpack; s = SUITES['flask']; unpack(s); print(environment(s, 'both'))"


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_unchanged_flask_application_is_mounted_and_shares_the_session():
    built = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, cwd=HERE).stdout
    python = built.splitlines()[-1]
    command = [python, "-m", "pytest", "-q", "--noconftest", "-c", os.devnull, "check_mounted.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE / "mounted_flask")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "7 passed" in done.stdout
