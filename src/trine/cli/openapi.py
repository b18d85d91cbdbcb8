"""`trine openapi`: the document that describes an application."""

import json
from pathlib import Path

import click

from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine openapi shop.py
  trine openapi shop.py --output openapi.json
"""


@click.command("openapi", epilog=EPILOG)
@target_argument
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to a file instead of standard output.")
@click.option("--indent", default=2, show_default=True, type=click.IntRange(0, 8), help="Spaces of each level; 0 for one line.")
@env_file
def command(target: str | None, output: str | None, indent: int, env_file: str) -> None:
    """Write the OpenAPI 3.1 document, as JSON."""
    app = load_application(target, env_file=env_file)
    app.prepare()
    text = json.dumps(app.openapi(), indent=indent or None, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}.") from None


command.help = f"{command.help}\n\n{TARGET_HELP}"
