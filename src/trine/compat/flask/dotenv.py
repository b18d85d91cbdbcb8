"""Variables from `.env` and `.flaskenv`, read by python-dotenv where that is installed."""

import os

import click


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Put the variables of files into the environment, where what is there already wins. Says whether a file was read.

    A file that is named wins over `.env`, and that over `.flaskenv`; both are looked for here and in the folders above.
    """
    try:
        import dotenv
    except ImportError:
        if path is not None or os.path.isfile(".env") or os.path.isfile(".flaskenv"):
            click.secho("There are .env files here. To read them: pip install python-dotenv", fg="yellow", err=True)
        return False
    values: dict[str, str | None] = {}
    for name in (".flaskenv", ".env") if load_defaults else ():
        found = dotenv.find_dotenv(name, usecwd=True)
        if found:
            values |= dotenv.dotenv_values(found, encoding="utf-8")
    if path is not None and os.path.isfile(path):
        values |= dotenv.dotenv_values(path, encoding="utf-8")
    for name, value in values.items():
        if value is not None and name not in os.environ:
            os.environ[name] = value
    return bool(values)
