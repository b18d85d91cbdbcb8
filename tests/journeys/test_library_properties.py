"""Schemathesis asks a service that uses most of the declaration language, over each server, all that it documents."""

import subprocess
import sys
from pathlib import Path

import pytest

FORMS = "/contact|/covers"
# A form can say neither null nor that a text is no list: what the tool means to be wrong may be right, and the other way round.
NOT_OF_FORMS = "negative_data_rejection,positive_data_acceptance"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("granian", ["--exclude-path-regex", FORMS, "--max-examples", "60"]),
        ("granian", ["--include-path-regex", FORMS, "--max-examples", "60", "--exclude-checks", NOT_OF_FORMS]),
        ("uvicorn", ["--exclude-path-regex", FORMS, "--max-examples", "20"]),
    ],
    ids=["records", "forms", "records on Uvicorn"],
)
def test_no_check_fails(serve, tmp_path, engine, options):
    server = serve(Path(__file__).with_name("library_app.py"), "--server", engine, "--no-access-log")
    tool = Path(sys.executable).with_name("schemathesis")
    command = [tool, "run", f"{server.url}/openapi.json", "--checks", "all", "--seed", "1987", "--no-color", *options]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert "Traceback" not in server.log.read_text()
