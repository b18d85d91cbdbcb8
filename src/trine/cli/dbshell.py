"""`trine dbshell`: the database's own command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import click

from .data import database_option, url_of
from .program import env_file, load_application


@click.command("dbshell", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@database_option
@env_file
def command(arguments: tuple[str, ...], database: str, env_file: str) -> None:
    """Open psql, sqlite3 or mariadb on the application's database. ARGUMENTS are passed on to it, behind `--`."""
    load_application(None, env_file=env_file)
    words, variables = client_of(url_of(database))
    if shutil.which(words[0]) is None:
        raise click.ClickException(f"The program {words[0]} is not installed here.")
    done = subprocess.run([*words, *arguments], env={**os.environ, **variables}, check=False)  # noqa: S603 - what was asked for
    sys.exit(done.returncode)


def client_of(url: Any) -> tuple[Sequence[str], dict[str, str]]:
    """The program for a database with its words, and variables: passwords are no words, which others on the machine can read."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        if shutil.which("sqlite3") is None and sys.version_info >= (3, 12):
            return [sys.executable, "-m", "sqlite3", url.database], {}
        return ["sqlite3", url.database], {}
    places = {"-h": url.host or url.query.get("host"), "-p" if backend == "postgresql" else "-P": url.port}
    names = {"-U" if backend == "postgresql" else "-u": url.username}
    words = [word for key, value in {**places, **names}.items() if value for word in (key, str(value))]
    if backend == "postgresql":
        return ["psql", *words, "-d", str(url.database)], {"PGPASSWORD": url.password} if url.password else {}
    program = "mariadb" if shutil.which("mariadb") else "mysql"
    return [program, *words, str(url.database)], {"MYSQL_PWD": url.password} if url.password else {}
