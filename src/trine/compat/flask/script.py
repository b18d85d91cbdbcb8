"""What a command knows about its application: how to load it, once."""

import os
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .globals import _cv_app
from .helpers import get_debug_flag, get_load_dotenv
from .locate import NoAppException, locate_app, prepare_import

if TYPE_CHECKING:
    from .app import Flask

F = TypeVar("F", bound=Callable[..., Any])


class ScriptInfo:
    """Loads the application of a command line: by its import path, by a function, or from `wsgi.py` or `app.py` here."""

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: "Callable[..., Flask] | None" = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.data: dict[Any, Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded: Flask | None = None

    def load_app(self) -> "Flask":
        """Load the application; a second call gives the same one."""
        if self._loaded is None:
            app = self._found()
            if app is None:
                raise NoAppException(
                    "Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a"
                    " 'wsgi.py' or 'app.py' file in the current directory."
                )
            if self.set_debug_flag:
                # The command line wins over what the program says.
                app.debug = get_debug_flag()
            self._loaded = app
        return self._loaded

    def _found(self) -> "Flask | None":
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            path, name = _split(self.app_import_path)
            return locate_app(prepare_import(path), name)
        for file in ("wsgi.py", "app.py"):
            app = locate_app(prepare_import(file), None, raise_if_not_found=False)
            if app is not None:
                return app
        return None


def _split(path: str) -> tuple[str, str | None]:
    """A module or file, and a name in it. A drive letter of Windows is followed by a separator."""
    place, colon, name = path.rpartition(":")
    if not colon or (len(place) == 1 and name[:1] in (os.sep, "/")):
        return path, None
    # create_app("a:b") has a colon of its own.
    first, _, rest = path.partition(":")
    return (first, rest) if len(first) > 1 else (place, name)


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Run a command in the context of its application: `current_app` and `g` lead to it."""

    @click.pass_context
    def in_context(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if _cv_app.get(None) is None:
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return update_wrapper(in_context, f)  # type: ignore[return-value] # it takes and gives the same
