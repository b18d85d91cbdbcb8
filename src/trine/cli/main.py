"""The `trine` command and its manners: what every subcommand shares."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from trine.errors import SetupError

from .lazy import LazyGroup
from .program import NAMED
from .project import ENV_FILE

EPILOG = """
\b
Examples:
  trine dev shop.py                     serve with reload, error pages and /docs
  trine run shop.py --workers 4         serve for production
  trine check shop.py                   list what would stop a production start

\b
Exit status: 0 all went well, 1 the application is at fault (it cannot be loaded, is
unsafe in production, or did not start), 2 the command was used wrongly, 3 the address
cannot be listened on.
"""


def show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the versions that matter in a report about a mistake."""
    if not value or context.resilient_parsing:
        return
    import platform
    from importlib.metadata import version

    from trine import __version__

    click.echo(f"trine {__version__} (Python {platform.python_version()}, Granian {version('granian')})")
    context.exit()


def note(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Keep an option where commands look for it. It counts before `--help`, which lists the application's commands."""

    def note_value(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        context.meta[key] = value

    return note_value


@click.group(
    cls=LazyGroup,
    commands_at={
        "run": ("trine.cli.run", "Serve an application for production."),
        "dev": ("trine.cli.dev", "Serve an application while it is written."),
        "check": ("trine.cli.check", "List every mistake, and what is unsafe in production."),
        "routes": ("trine.cli.routes", "Show which function answers which path."),
        "openapi": ("trine.cli.openapi", "Write the OpenAPI document."),
        "client": ("trine.cli.client", "Write a typed client in TypeScript or Python."),
        "models": ("trine.cli.models", "Publish versions of models, and say which of them answer."),
        "collectstatic": ("trine.cli.collectstatic", "Collect the files of a site for production."),
        "new": ("trine.cli.new", "Begin a project."),
        "makemigrations": ("trine.cli.makemigrations", "Write migrations for what has changed in the models."),
        "migrate": ("trine.cli.migrate", "Apply migrations to a database, or take them back."),
        "showmigrations": ("trine.cli.showmigrations", "List migrations, and which have been applied."),
        "sqlmigrate": ("trine.cli.sqlmigrate", "Print the SQL of a migration."),
        "squashmigrations": ("trine.cli.squashmigrations", "Make one migration of many."),
        "inspectdb": ("trine.cli.inspectdb", "Print models for the tables of a database."),
        "dumpdata": ("trine.cli.dumpdata", "Write rows as JSON or CSV."),
        "loaddata": ("trine.cli.loaddata", "Read rows from JSON or CSV."),
        "dbshell": ("trine.cli.dbshell", "Open the database's own command line."),
        "shell": ("trine.cli.shell", "Open Python with the models at hand."),
    },
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--app",
    envvar="TRINE_APP",
    metavar="TARGET",
    is_eager=True,
    expose_value=False,
    callback=note(NAMED),
    help="The application whose commands stand beside these; app.py and its kin when absent.",
)
@click.option(
    "--env-file",
    default=".env",
    type=click.Path(dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=note(ENV_FILE),
    help="File with variables for the application's commands.",
)
@click.option(
    "--version", is_flag=True, callback=show_version, expose_value=False, is_eager=True, help="Show the version and exit."
)
def cli() -> None:
    """One web framework for AI-ready backends."""


def main() -> None:
    """Run the `trine` command, and end the process with its exit status."""
    # NO_COLOR (no-color.org) wins; without it Click writes colours to terminals alone.
    color = False if os.environ.get("NO_COLOR") else None
    try:
        cli(prog_name="trine", color=color)
    except SetupError as error:
        fail(error)


def fail(error: SetupError) -> None:
    """Print a mistake of the application, and end the process."""
    click.echo(
        f"{click.style('Error:', fg='red', bold=True)} {error}", err=True, color=False if os.environ.get("NO_COLOR") else None
    )
    details = getattr(error, "details", "")
    if details:
        click.echo(details.rstrip(), err=True)
    sys.exit(1)
