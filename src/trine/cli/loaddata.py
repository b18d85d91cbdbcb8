"""`trine loaddata`: rows from JSON or CSV."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from .data import database_option, load_models, url_of
from .program import env_file

EPILOG = """
\b
Examples:
  trine loaddata shop.json
  trine loaddata books.csv --model shop.Book
"""


@click.command("loaddata", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--model", help="What the rows of a CSV file are, such as shop.Book.")
@click.option(
    "--max-size", default=100_000_000, show_default=True, help="Most characters of JSON that is not written a row a line."
)
@database_option
@env_file
def command(files: tuple[str, ...], model: str | None, max_size: int, database: str, env_file: str) -> None:
    """Read rows that dumpdata wrote, or Django's, into the database, in one transaction for each file.

    Every value is checked. A row whose key is there already is replaced.
    """
    load_models(env_file)
    for name in files:
        with open(name, encoding="utf-8", newline="") as file:
            count = asyncio.run(_load(url_of(database), _rows(file, name, model, max_size)))
        click.echo(f"{count} rows from {name}.")


def _rows(file: IO[str], name: str, model: str | None, max_size: int) -> Iterator[Any]:
    from trine.db.dumps import read_csv, read_json, sources

    if Path(name).suffix.lower() != ".csv":
        return read_json(file, max_size=max_size)
    if model is None:
        raise click.UsageError(f"Say what the rows of {name} are: --model shop.Book.")
    return read_csv(file, sources([model])[0])


async def _load(url: Any, rows: Iterator[Any]) -> int:
    from trine.db.dumps import load
    from trine.db.migrations.engine import connect

    async with connect(url) as connection, connection.begin():
        return await load(connection, rows)
