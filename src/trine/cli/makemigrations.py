"""`trine makemigrations`: write down what the models say that no migration says yet."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from .data import checked_package, folders_of, load_models
from .program import env_file

EPILOG = """
\b
Examples:
  trine makemigrations
  trine makemigrations shop --name prices
  trine makemigrations --rename shop_author=shop_writer --rename shop_book.name=shop_book.title
  trine makemigrations shop --empty --name fill_slugs
  trine makemigrations --check              in CI: status 1 where migrations are missing
"""


@click.command("makemigrations", epilog=EPILOG)
@click.argument("packages", nargs=-1)
@click.option("--name", help="What the new migration is called, behind its number.")
@click.option("--empty", is_flag=True, help="Write one without operations, for data or SQL of your own.")
@click.option("--merge", is_flag=True, help="Join branches that were made side by side.")
@click.option("--check", is_flag=True, help="Write nothing; status 1 where migrations are missing.")
@click.option("--dry-run", is_flag=True, help="Show the files, and write nothing.")
@click.option(
    "--rename", "renames", multiple=True, metavar="OLD=NEW", help="A table, or a column as TABLE.COLUMN, has a new name."
)
@click.option("--no-renames", is_flag=True, help="Nothing was renamed: what is gone is dropped.")
@click.option(
    "--fill", "fills", multiple=True, metavar="COLUMN=VALUE", help="What rows get in a TABLE.COLUMN that may not be NULL."
)
@click.option("--no-input", is_flag=True, help="Ask nothing, and stop where something would have to be asked.")
@env_file
def command(
    packages: tuple[str, ...],
    name: str | None,
    empty: bool,
    merge: bool,
    check: bool,
    dry_run: bool,
    renames: tuple[str, ...],
    no_renames: bool,
    fills: tuple[str, ...],
    no_input: bool,
    env_file: str,
) -> None:
    """Find what has changed in the models of all packages, or of some, and write migrations for it."""
    from trine.db.migrations.graph import Graph
    from trine.db.migrations.make import empty_migration, make_migrations, merge_branches

    models = load_models(env_file)
    folders = folders_of(models)
    chosen = [checked_package(folders, package) for package in packages]
    found = folders.load()
    if empty:
        if not chosen:
            raise click.UsageError("Name the package: trine makemigrations PACKAGE --empty.")
        new = [empty_migration(Graph(found), package, name) for package in chosen]
    elif merge:
        graph = Graph(found)
        new = [merge_branches(graph, package, name) for package in chosen or folders if len(graph.leaves(package)) > 1]
    else:
        asks = sys.stdin.isatty() and not no_input and not check
        answers = _answers(renames, fills, asks=asks, never_rename=no_renames or check, checks=check)
        new = make_migrations(models, found, answers, only=chosen, name=name)
        answers.refuse_unused()
    _report(new, folders, check=check, dry_run=dry_run)


def _answers(renames: Sequence[str], fills: Sequence[str], *, asks: bool, never_rename: bool, checks: bool) -> Any:
    from trine.db import registry
    from trine.db.migrations.answers import Answers, defaults_of

    def ask(question: str) -> str:
        return str(click.prompt(question, prompt_suffix=" "))

    def anything(question: str) -> str:
        return "0"

    asked = anything if checks else ask if asks else None
    return Answers(renames=renames, fills=fills, defaults=defaults_of(registry), ask=asked, never_rename=never_rename)


def _report(new: Sequence[Any], folders: Any, *, check: bool, dry_run: bool) -> None:
    from trine.db.migrations.make import write_migration
    from trine.db.migrations.write import source_of

    if not new:
        click.echo("Nothing has changed.")
        return
    for migration in new:
        if check:
            click.echo(f"Missing: {migration.label}")
        elif dry_run:
            click.echo(f"# {folders[migration.package] / migration.name}.py\n{source_of(migration)}")
        else:
            click.echo(click.style(str(write_migration(migration, folders)), bold=True))
        if not dry_run:
            for operation in migration.operations:
                click.echo(f"  {operation.describe()}")
    if check:
        sys.exit(1)
