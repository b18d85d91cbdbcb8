"""`trine migrate`: bring a database to where the migrations are, or back."""

import asyncio
import sys
from typing import Any

import click

from .data import checked_package, database_option, folders_of, load_models, url_of
from .program import env_file

EPILOG = """
\b
Examples:
  trine migrate                       apply everything that is new
  trine migrate shop 0003             forwards or back to a migration
  trine migrate shop zero             take a whole package back
  trine migrate --plan                show what would be done
  trine migrate --check               status 1 where something is to be applied
"""


@click.command("migrate", epilog=EPILOG)
@click.argument("package", required=False)
@click.argument("migration", required=False)
@database_option
@click.option("--plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--check", is_flag=True, help="Do nothing; status 1 where migrations are to be applied, or missing.")
@click.option("--fake", is_flag=True, help="Write down that it was done, and change nothing else.")
@click.option(
    "--lock-timeout", type=click.FloatRange(min=0), help="Seconds that a statement may wait for others (PostgreSQL, MariaDB)."
)
@click.option("--wait", default=600.0, show_default=True, help="Seconds to wait for another process that migrates.")
@env_file
def command(
    package: str | None,
    migration: str | None,
    database: str,
    plan: bool,
    check: bool,
    fake: bool,
    lock_timeout: float | None,
    wait: float,
    env_file: str,
) -> None:
    """Apply migrations to a database: all of them, or those of a package up to one. One process at a time does it."""
    from trine.db.migrations.run import Migrator

    models = load_models(env_file)
    folders = folders_of(models)
    if package is not None:
        checked_package(folders, package)
    migrator = Migrator(folders.load(), database=database, say=click.echo, max_wait=wait)
    if plan or check:
        steps = asyncio.run(_plan(migrator, url_of(database), package, migration))
        for step in steps:
            click.echo(str(step))
            if plan:
                for operation in step.migration.operations:
                    click.echo(f"  {operation.describe()}")
        if not steps:
            click.echo("Nothing to apply.")
        if check:
            sys.exit(1 if steps or _is_behind(models, migrator) else 0)
        return
    steps = asyncio.run(_migrate(migrator, url_of(database), package, migration, fake=fake, lock_timeout=lock_timeout))
    if not steps:
        click.echo("Nothing to apply.")
    if _is_behind(models, migrator):
        click.echo("The models have changes that no migration says yet: trine makemigrations.")


async def _plan(migrator: Any, url: Any, package: str | None, migration: str | None) -> Any:
    from trine.db.migrations.engine import connect

    async with connect(url) as connection:
        applied, unfinished = list(await migrator.applied(connection)), await migrator.unfinished(connection)
        return migrator.plan(applied, package, migration, unfinished=unfinished)


async def _migrate(
    migrator: Any, url: Any, package: str | None, migration: str | None, *, fake: bool, lock_timeout: float | None
) -> Any:
    from trine.db.migrations.engine import connect, set_lock_timeout

    async with connect(url) as connection:
        if lock_timeout is not None:
            await set_lock_timeout(connection, lock_timeout)
        return await migrator.migrate(connection, package, migration, fake=fake)


def _is_behind(models: Any, migrator: Any) -> bool:
    from trine.db.migrations.answers import Answers
    from trine.db.migrations.make import make_migrations

    return bool(make_migrations(models, migrator.migrations, Answers(ask=lambda question: "0", never_rename=True)))
