"""Commands of an application, called by a test."""

from typing import Any

import click
from click.testing import CliRunner, Result

from trine.commands import build_commands


def run_command(app: Any, *words: str, input: str | None = None) -> Result:
    """Run `trine WORDS...` of an application: `run_command(app, "greet", "Ada").output`.

    `exit_code` is 0 where all went well, `output` what was printed; `input` answers prompts. An exception that no command
    expects is raised here.
    """
    group = click.Group("trine", commands=build_commands(app))
    result = CliRunner().invoke(group, words, input=input, prog_name="trine")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
