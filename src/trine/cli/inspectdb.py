"""`trine inspectdb`: models for a database that is there already."""

import asyncio
from typing import Any

import click

from .data import database_option, url_of
from .program import env_file, load_application

EPILOG = """
\b
Examples:
  trine inspectdb --url postgresql://me@localhost/old > old/models.py
  trine inspectdb auth_user auth_group
"""


@click.command("inspectdb", epilog=EPILOG)
@click.argument("tables", nargs=-1)
@click.option("--url", help="The database to look into; the application's own where it is absent.")
@database_option
@env_file
def command(tables: tuple[str, ...], url: str | None, database: str, env_file: str) -> None:
    """Print models for the tables of a database, Django's included. Migrations leave such tables alone."""
    if url is None:
        load_application(None, env_file=env_file)
    click.echo(asyncio.run(_inspect(url or url_of(database), tables)), nl=False)


async def _inspect(url: Any, tables: tuple[str, ...]) -> str:
    from trine.db.inspecting import models_of
    from trine.db.migrations.engine import connect

    async with connect(url) as connection:
        return await connection.run_sync(models_of, tables)
