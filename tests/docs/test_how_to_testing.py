"""What the page about testing promises happens."""

import shutil
import subprocess
import sys


def test_newsroom_has_tests_that_pass(root, tmp_path):
    for name in ("newsroom", "test_newsroom"):
        shutil.copy(root / "docs" / "examples" / f"{name}.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert "5 passed" in run.stdout


def test_crud_has_tests_that_pass(root, tmp_path):
    for name in ("crud", "test_crud"):
        shutil.copy(root / "docs" / "examples" / f"{name}.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout
