"""`trine check`: everything that would stop a production start."""

import sys
import warnings

import click

from trine.app import App

from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine check
  trine check shop.py --host 0.0.0.0
  trine check shop.py && deploy
"""


@click.command("check", epilog=EPILOG)
@target_argument
@click.option("--host", envvar="TRINE_HOST", default="127.0.0.1", show_default=True, help="Address that production listens on.")
@env_file
def command(target: str | None, host: str, env_file: str) -> None:
    """List every mistake in an application's declarations and settings, and what is unsafe in production."""
    app = load_application(target, env_file=env_file, host=host)
    app.prepare()
    _check_document(app)
    problems = app.problems()
    accepted = app.settings.accept_risks
    refused = [problem for problem in problems if not (problem.acceptable and problem.name in accepted)]
    for problem in problems:
        word = click.style("Problem:", fg="red") if problem in refused else click.style("Accepted:", fg="yellow")
        click.echo(f"{word} {problem} [{problem.name}]")
    routes = len(list(app.flat_routes()))
    if refused:
        click.echo(f"{len(refused)} problem{'s' if len(refused) > 1 else ''}: trine run would refuse to start.")
        sys.exit(1)
    click.echo(f"{click.style('No problems:', fg='green')} {routes} routes, ready for trine run.")


def _check_document(app: App) -> None:
    """Make the API documentation once. What is wrong in it stops no start, but generated clients suffer."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        for version in app.versions.names if app.versions else (None,):
            app.openapi(version)
    for warning in told:
        click.echo(f"{click.style('Warning:', fg='yellow')} {warning.message}")


command.help = f"{command.help}\n\n{TARGET_HELP}"
