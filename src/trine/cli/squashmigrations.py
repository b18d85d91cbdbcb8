"""`trine squashmigrations`: many migrations as one."""

import click

from .data import checked_package, folders_of, load_models
from .program import env_file


@click.command("squashmigrations")
@click.argument("package")
@click.argument("last", required=False)
@click.option("--name", default="squashed", show_default=True, help="What the new one is called, behind its number.")
@env_file
def command(package: str, last: str | None, name: str, env_file: str) -> None:
    """Write one migration that stands for the first ones of a package, up to LAST, or for all of them.

    Databases that have seen the old ones count it as applied, others take it instead. Once every database has it, delete the old
    files and its `replaces`.
    """
    from trine.db.migrations.graph import Graph
    from trine.db.migrations.make import write_migration
    from trine.db.migrations.run import find_migration
    from trine.db.migrations.squash import squash

    folders = folders_of(load_models(env_file))
    graph = Graph(folders.load())
    found = find_migration(graph, checked_package(folders, package), last)
    if found is None:
        raise click.UsageError("zero is no migration.")
    number = f"{found.number:04d}"
    migration = squash(graph, package, found, f"{number}_{name}")
    path = write_migration(migration, folders)
    click.echo(f"{click.style(str(path), bold=True)} stands for {len(migration.replaces)} migrations.")
