"""`trine showmigrations`: which migrations there are, and which of them a database has seen."""

import asyncio
from typing import Any

import click

from .data import checked_package, database_option, folders_of, load_models, url_of
from .program import env_file


@click.command("showmigrations")
@click.argument("packages", nargs=-1)
@click.option("--plan", is_flag=True, help="In the order in which they are applied, over all packages.")
@database_option
@env_file
def command(packages: tuple[str, ...], plan: bool, database: str, env_file: str) -> None:
    """List the migrations of each package; [X] has been applied."""
    from trine.db.migrations.run import Migrator

    folders = folders_of(load_models(env_file))
    chosen = [checked_package(folders, package) for package in packages] or list(folders)
    migrator = Migrator(folders.load(), database=database)
    applied = asyncio.run(_applied(migrator, url_of(database)))
    graph = migrator.graph(applied)
    if plan:
        for migration in graph.order:
            if migration.package in chosen:
                click.echo(f"{_mark(migration, applied)} {migration.label}")
        return
    for package in chosen:
        click.echo(click.style(package, bold=True))
        for migration in graph.of_package(package):
            when = applied.get(migration.label)
            click.echo(f" {_mark(migration, applied)} {migration.name}{f'  {when:%Y-%m-%d %H:%M}' if when else ''}")
        if not graph.of_package(package):
            click.echo(" (no migrations)")


async def _applied(migrator: Any, url: Any) -> Any:
    from trine.db.migrations.engine import connect

    async with connect(url) as connection:
        return await migrator.applied(connection)


def _mark(migration: Any, applied: Any) -> str:
    is_applied = migration.label in applied or (migration.replaces and set(migration.replaces) <= set(applied))
    return "[X]" if is_applied else "[ ]"
