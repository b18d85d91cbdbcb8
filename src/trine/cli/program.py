"""What every command that needs an application does: find it, load it, and name the place of a mistake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from trine.errors import SetupError

F = TypeVar("F", bound=Callable[..., Any])
# Where `trine --app` keeps what it was given.
NAMED = "trine.app"

TARGET_HELP = """TARGET is app.py, app.py:name, package.module:name, or module:make_app() for a function that makes
the application. Without it app.py, main.py, asgi.py, api.py or server.py is taken, here or in the only package."""

env_file = click.option(
    "--env-file",
    default=".env",
    show_default=True,
    type=click.Path(dir_okay=False),
    help="File with variables. What the environment sets wins.",
)


def target_argument(function: F) -> F:
    """Add the TARGET argument, which may be left out."""
    return click.argument("target", required=False)(function)


def given_target(target: str | None) -> str:
    """The target that was named, or the one that is found here."""
    from trine.server.target import find_target

    context = click.get_current_context(silent=True)
    try:
        return target or (context and context.meta.get(NAMED)) or find_target()
    except SetupError as error:
        raise click.UsageError(str(error)) from None


def load_application(target: str | None, *, env_file: str, host: str | None = None) -> Any:
    """Load an application as `trine run` would: production, with the variables of the `.env` file."""
    from trine.server.generation import export_variables
    from trine.server.target import load_target
    from trine.settings import Launch, set_launch

    set_launch(Launch(env_file=Path(env_file), host=host))
    export_variables(Path(env_file))
    app = load_target(given_target(target))
    if not hasattr(app, "declarations"):
        raise SetupError(f"{given_target(target)} is an application of another make.", hint="This command knows Trine's App.")
    return app
