"""`trine dumpdata`: rows as JSON or CSV."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from .data import database_option, load_models, url_of
from .program import env_file

EPILOG = """
\b
Examples:
  trine dumpdata -o all.json
  trine dumpdata shop --exclude shop.Order -o shop.json
  trine dumpdata shop.Book --format csv -o books.csv
"""


@click.command("dumpdata", epilog=EPILOG)
@click.argument("labels", nargs=-1)
@click.option("--exclude", multiple=True, metavar="LABEL", help="A model or package that is left out.")
@click.option(
    "--format", "form", default="json", show_default=True, type=click.Choice(["json", "csv"]), help="CSV takes one model."
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write; else standard output.")
@database_option
@env_file
def command(
    labels: tuple[str, ...], exclude: tuple[str, ...], form: str, output: str | None, database: str, env_file: str
) -> None:
    """Write the rows of all models, or of some models and packages, so that loaddata can read them.

    Rows stand in an order in which foreign keys find what they refer to. A few hundred are in memory at a time.
    """
    from trine.db.dumps import sources

    load_models(env_file)
    chosen = sources(labels, exclude, database=database)
    if form == "csv":
        # Of a model without the tables between it and others: those have labels of their own, such as shop.Book.tags.
        chosen = [source for source in chosen if source.label in labels] or chosen
    if form == "csv" and len(chosen) != 1:
        some = ", ".join(source.label for source in chosen[:5])
        raise click.UsageError(f"CSV takes one model, and these are {len(chosen)}: {some}.")
    with _opened(output) as file:
        count = asyncio.run(_dump(url_of(database), chosen, form, file))
    if output is not None:
        click.echo(f"{count} rows in {output}.")


@contextmanager
def _opened(output: str | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    with open(output, "w", encoding="utf-8", newline="") as file:
        yield file


async def _dump(url: Any, chosen: Any, form: str, file: IO[str]) -> int:
    from trine.db.dumps import dump_csv, dump_json
    from trine.db.migrations.engine import connect

    async with connect(url) as connection:
        return await (dump_json(connection, chosen, file) if form == "json" else dump_csv(connection, chosen[0], file))
