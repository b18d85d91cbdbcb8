"""`import flask` leads to trine.compat.flask where a program asks for it, and is refused where Flask itself is there."""

import os
import subprocess
import sys

import pytest


def run(program, cwd, **environ):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, env={**os.environ, **environ}, check=False
    )


def test_one_module_has_both_names(tmp_path):
    program = """
import trine.compat.flask as ours
ours.alias()
ours.alias()
import flask, flask.json.tag, flask.cli
from importlib.metadata import version
import trine.compat.flask.json.tag as tag
assert flask is ours and flask.json.tag is tag and flask.Flask is ours.Flask
print(version("flask"))
"""
    done = run(program, tmp_path)
    assert (done.stderr, done.stdout) == ("", "3.1.3\n")


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("", "'flask' itself is installed, in "),
        ("import flask; ", "'flask' was imported already, before trine.compat took its name."),
    ],
)
def test_it_refuses_to_run_beside_flask_itself(tmp_path, first, said):
    (tmp_path / "flask.py").write_text("")
    done = run(f"{first}import trine.compat.flask; trine.compat.flask.alias()", tmp_path)
    assert done.returncode == 1
    assert said in done.stderr


def test_trine_gives_the_name_to_the_program_that_it_loads(tmp_path):
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    load = "from trine.server.target import load_target; print(load_target('shop.py').title)"
    assert run(load, tmp_path, TRINE_ALIAS="flask").stdout == "shop\n"
    assert "No module named 'flask'" in run(load, tmp_path).stderr
    assert "TRINE_ALIAS is 'bottle', which names no framework." in run(load, tmp_path, TRINE_ALIAS="bottle").stderr


def test_the_option_tells_it_to_the_process_that_loads(monkeypatch):
    from click.testing import CliRunner

    from trine.cli import run as run_module

    monkeypatch.setenv("TRINE_ALIAS", "")
    seen = []
    monkeypatch.setattr("trine.server.run.run", lambda options, **_: seen.append(os.environ["TRINE_ALIAS"]) or 0)
    assert CliRunner().invoke(run_module.command, ["--alias", "flask", "shop.py"]).exit_code == 0
    assert seen == ["flask"]


def test_the_flask_command_line_runs_an_application(tmp_path):
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\napp.get('/shop')(lambda: '')\n")
    command = [sys.executable, "-m", "trine.compat.flask", "routes"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "TRINE_ALIAS": "flask"}, check=False
    )
    assert done.stdout.splitlines()[2:] == [
        "<lambda>  GET      /shop                  ",
        "static    GET      /static/<path:filename>",
    ]
