"""`trine client`: a typed client of the application, written by the tools that each language has for it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from .openapi import describe
from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine client typescript shop.py --output web/src/client
  trine client typescript shop.py --output web/src/client --types-only
  trine client python shop.py --output shop_client
"""
# Pinned: what they write changes from version to version.
HEY_API = "@hey-api/openapi-ts@0.99.0"
OPENAPI_TYPESCRIPT = "openapi-typescript@7.13.0"
TYPESCRIPT = "typescript@5.9.3"
MARK = ".trine-client"


@click.command("client", epilog=EPILOG)
@click.argument("language", type=click.Choice(["typescript", "python"]))
@target_argument
@click.option("--output", "-o", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the client.")
@click.option("--types-only", is_flag=True, help="TypeScript: write the types alone, into schema.d.ts.")
@click.option("--api-version", metavar="NAME", help="The API version to call; the default one when absent.")
@env_file
def command(language: str, target: str | None, output: Path, types_only: bool, api_version: str | None, env_file: str) -> None:
    """Write a typed client of an application. LANGUAGE is typescript (by Hey API, or openapi-typescript) or python (by
    openapi-python-client). No server runs, and a client in the folder is written anew."""  # noqa: D205, D209 - Click shows it as one paragraph
    if types_only and language != "typescript":
        raise click.UsageError("--types-only is for TypeScript: a Python client has its types inside.")
    _check_folder(output)
    tool = _find_tool(language)
    app = load_application(target, env_file=env_file)
    app.prepare()
    document = describe(app, api_version)
    with TemporaryDirectory() as folder:
        place = Path(folder) / "openapi.json"
        place.write_text(json.dumps(document), encoding="utf-8")
        _run([*tool, *_arguments(language, place, output, types_only=types_only)])
    (output / MARK).write_text("Written by `trine client`, which replaces this folder.\n", encoding="utf-8")
    click.echo(f"{click.style('Written:', fg='green')} {output}")


def _arguments(language: str, document: Path, output: Path, *, types_only: bool) -> list[str]:
    if language == "python":
        return ["generate", "--path", str(document), "--output-path", str(output), "--meta", "none", "--overwrite"]
    if types_only:
        # Its folder may stand; only the file is replaced.
        output.mkdir(parents=True, exist_ok=True)
        packages = ["-p", OPENAPI_TYPESCRIPT, "-p", TYPESCRIPT]
        # A property with a default may be left out of what is sent.
        options = ["--output", str(output / "schema.d.ts"), "--default-non-nullable", "false"]
        return [*packages, "openapi-typescript", str(document), *options]
    packages = ["-p", HEY_API, "-p", TYPESCRIPT]
    return [*packages, "openapi-ts", "--input", str(document), "--output", str(output), "--client", "@hey-api/client-fetch"]


def _find_tool(language: str) -> list[str]:
    """The command that runs a language's tool. Raises where it is missing."""
    if language == "python":
        if importlib.util.find_spec("openapi_python_client") is None:
            raise click.UsageError(
                'trine client python needs openapi-python-client. Install it with: pip install "trine[client]"'
            )
        return [sys.executable, "-m", "openapi_python_client"]
    npx = shutil.which("npx")
    if npx is None:
        raise click.UsageError("trine client typescript needs npx, which comes with Node.js (https://nodejs.org).")
    return [npx, "--yes", "--loglevel=error"]


def _check_folder(output: Path) -> None:
    """The tools empty their folder: only one that a client was written to before may have anything in it."""
    if output.is_dir() and any(output.iterdir()) and not (output / MARK).exists():
        raise click.UsageError(f"{output} has other files in it, and would be replaced. Name a folder of its own.")


def _run(line: list[str]) -> None:
    # Tools of this environment, such as the formatter that openapi-python-client calls, are found beside its Python.
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(line, capture_output=True, text=True, env=os.environ | {"PATH": paths}, check=False)  # noqa: S603 - as put together above
    told = f"{done.stdout}{done.stderr}".strip()
    if done.returncode:
        click.echo(told, err=True)
        click.echo(
            f"{click.style('Error:', fg='red')} the tool ended with {done.returncode}, and no client was written.", err=True
        )
        sys.exit(1)
    if "warning" in told.lower():
        click.echo(told, err=True)


command.help = f"{command.help}\n\n{TARGET_HELP}"
