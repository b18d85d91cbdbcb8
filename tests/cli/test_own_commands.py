"""The commands of the application at hand, in the `trine` command line."""

import pytest

PROGRAM = """
import click
from trine import App

app = App()


@app.command()
def greet(name: str) -> None:
    \"\"\"Greet somebody.\"\"\"
    click.echo(f"Hello {name}")
"""


@pytest.fixture
def greeter(folder):
    path = folder / "app.py"
    path.write_text(PROGRAM)
    return path


def test_help_lists_them_after_trines_own(trine, greeter):
    assert trine("--help").out.partition("Commands of app.py:")[2].split("\n")[1].split() == ["greet", "Greet", "somebody."]


def test_they_are_called_by_name(trine, greeter):
    answer = trine("greet", "Ada")
    assert (answer.status, answer.out) == (0, "Hello Ada\n")


def test_another_application_is_named_before_the_command(trine, greeter, monkeypatch):
    greeter.rename(greeter.parent / "shop.py")
    assert trine("--app", "shop.py", "greet", "Ada").out == "Hello Ada\n"
    assert "Commands of shop.py" in trine("--app", "shop.py", "--help").out
    monkeypatch.setenv("TRINE_APP", "shop.py:app")
    assert trine("greet", "Ada").out == "Hello Ada\n"


def test_the_application_is_not_loaded_for_trines_own_commands(trine, greeter):
    greeter.write_text("raise SystemExit('loaded')")
    assert trine("run", "--help").status == 0
    assert trine("--version").status == 0


def test_an_application_that_cannot_be_loaded_does_not_hide_trines_own(trine, greeter):
    greeter.write_text("import nowhere_to_be_found")
    answer = trine("--help")
    assert answer.status == 0
    assert "  run " in answer.out
    assert "The commands of app.py are missing here:" in answer.out
    assert "nowhere_to_be_found" in answer.out


def test_a_command_of_an_application_that_cannot_be_loaded_tells_why(trine, greeter):
    greeter.write_text("import nowhere_to_be_found")
    answer = trine("greet", "Ada")
    assert answer.status == 1
    assert "nowhere_to_be_found" in answer.err


def test_a_misspelled_command_of_the_application_is_answered_with_the_one_that_was_meant(trine, greeter):
    assert trine("gret").err.splitlines()[-1] == "Error: There is no command 'gret'. Did you mean 'greet'?"


def test_a_name_of_trines_own_is_refused(trine, greeter):
    greeter.write_text(PROGRAM.replace("def greet", "def run"))
    assert "app.py has a command 'run', which is one of Trine's own. Give it another name." in " ".join(
        trine("--help").out.split()
    )
