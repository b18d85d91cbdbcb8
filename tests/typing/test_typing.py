"""What must type-check in a user's program, and what must not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
PROGRAMS = Path(__file__).parent / "programs"
REPORT = re.compile(r"^.*?:(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)
MARK = re.compile(r"# refused: (.+)$")


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mypy")
    # Only the program is judged here; `make check` judges the package.
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(folder), "--config-file="]
    return lambda program: subprocess.run([*command, program], capture_output=True, text=True, cwd=folder).stdout


@pytest.mark.slow
@pytest.mark.parametrize("program", ["accepted.py", "models.py"])
def test_typical_programs_are_accepted(check, program):
    assert check(PROGRAMS / program) == "Success: no issues found in 1 source file\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["refused.py", "models_refused.py"])
def test_mistakes_are_refused(check, name):
    program = PROGRAMS / name
    expected = {
        number: set(mark[1].split(", "))
        for number, line in enumerate(program.read_text(encoding="utf-8").splitlines(), start=1)
        if (mark := MARK.search(line))
    }
    output = check(program)
    reported = [(int(line), code) for line, code in REPORT.findall(output)]
    assert {line for line, _ in reported} == set(expected), output
    assert [(line, code) for line, code in reported if code not in expected[line]] == []
