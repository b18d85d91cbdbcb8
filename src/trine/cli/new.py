"""`trine new`: begin a project."""

import re
from importlib.resources import files
from pathlib import Path
from string import Template

import click

EPILOG = """
\b
Examples:
  trine new shop
  cd shop && trine dev
"""
# A dot at the beginning would hide a template from those who look for it here.
FILES = {
    "app.py.txt": "app.py",
    "settings.py.txt": "settings.py",
    "test_app.py.txt": "tests/test_app.py",
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "env.example.txt": ".env.example",
    "gitignore.txt": ".gitignore",
}


@click.command("new", epilog=EPILOG)
@click.argument("name")
def command(name: str) -> None:
    """Begin a project: an application with settings, tests and a README, in a new folder NAME."""
    folder = Path(name)
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", folder.name):
        raise click.UsageError(f"'{folder.name}' is no name for a project. Use small letters, digits, - and _, as in my-shop.")
    if folder.exists():
        raise click.UsageError(f"{folder} is there already. Name another folder.")
    words = {
        "name": folder.name,
        "title": folder.name.replace("-", " ").replace("_", " ").capitalize(),
        "prefix": prefix(folder.name),
    }
    for source, target in FILES.items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        template = Template(files("trine.cli").joinpath("project", source).read_text(encoding="utf-8"))
        path.write_text(template.substitute(words), encoding="utf-8")
        click.echo(f"wrote {path}")
    click.echo(f"\nNext: cd {folder} && trine dev")


def prefix(name: str) -> str:
    """The beginning of the project's variables."""
    return name.replace("-", "_").upper() + "_"
