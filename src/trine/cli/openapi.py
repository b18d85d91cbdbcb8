"""`trine openapi`: the document that describes an application, and whether it still keeps what an older one promised."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine openapi shop.py
  trine openapi shop.py --output openapi.json
  trine openapi shop.py --check openapi.json        exit status 1 where clients would break
"""


@click.command("openapi", epilog=EPILOG)
@target_argument
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to a file instead of standard output.")
@click.option("--indent", default=2, show_default=True, type=click.IntRange(0, 8), help="Spaces of each level; 0 for one line.")
@click.option(
    "--check",
    "previous",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Compare with an older document, and list what breaks its clients.",
)
@click.option("--api-version", metavar="NAME", help="The API version to describe; the default one when absent.")
@env_file
def command(
    target: str | None, output: str | None, indent: int, previous: str | None, api_version: str | None, env_file: str
) -> None:
    """Write the OpenAPI 3.1 document, as JSON. With --check, compare it with an older one instead."""
    older = None if previous is None else _read(previous)
    app = load_application(target, env_file=env_file)
    app.prepare()
    document = describe(app, api_version)
    if older is not None:
        _check(older, document)
    if output is not None or older is None:
        _write(json.dumps(document, indent=indent or None, ensure_ascii=False), output)


def describe(app: Any, version: str | None = None) -> dict[str, Any]:
    """The document of an application, of one version where it is named."""
    names = app.versions.names if getattr(app, "versions", None) else ()
    if version is not None and version not in names:
        there_are = f"There are: {', '.join(names)}." if names else "The application declares no versions."
        raise click.UsageError(f"There is no API version '{version}'. {there_are}")
    document: dict[str, Any] = app.openapi() if version is None else app.openapi(version)
    return document


def _read(place: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if place == "-" else Path(place).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise click.UsageError(f"{place} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{place} is no JSON: {error}.") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise click.UsageError(f"{place} is no OpenAPI 3 document. `trine openapi --output {place}` writes one.")
    return document


def _check(older: dict[str, Any], document: dict[str, Any]) -> None:
    """Print what breaks, and end with status 1 where anything does."""
    from trine.openapi import breaking_changes

    changes = breaking_changes(older, document)
    for change in changes:
        click.echo(f"{click.style('Breaking:', fg='red')} {change}")
    if changes:
        click.echo(f"{len(changes)} breaking change{'s' if len(changes) > 1 else ''}.")
        sys.exit(1)
    click.echo(f"{click.style('No breaking changes.', fg='green')}", err=True)


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}.") from None


command.help = f"{command.help}\n\n{TARGET_HELP}"
