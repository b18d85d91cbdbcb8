"""The reference of the command line shows every option, as the command itself explains it."""

import click
import pytest

from trine.cli.main import cli

DATA_COMMANDS = [
    "makemigrations",
    "migrate",
    "showmigrations",
    "sqlmigrate",
    "squashmigrations",
    "inspectdb",
    "dumpdata",
    "loaddata",
    "dbshell",
    "shell",
]
COMMANDS = ["run", "dev", "check", "routes", "openapi", "client", "models", "collectstatic", "new", *DATA_COMMANDS]


def test_every_command_is_there():
    assert cli.list_commands(click.Context(cli)) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name, root):
    page = (root / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    section = page.partition(f"## trine {name}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `--")]
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    assert len(rows) == len(options)
    for row, option in zip(rows, options, strict=True):
        assert f"`{option.opts[0]}`" in row
        assert str(option.help) in row
        assert not isinstance(option.envvar, str) or f"`{option.envvar}`" in row
