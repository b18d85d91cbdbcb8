"""What views call: URLs, redirects, flashed messages, files, streams that keep their request."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import update_wrapper
from typing import IO, TYPE_CHECKING, Any, NoReturn

import werkzeug.utils
from werkzeug.exceptions import abort as _abort_without_app
from werkzeug.utils import redirect as _redirect_without_app
from werkzeug.wrappers import Response as BaseResponse

from trine.settings.launch import launch

from .globals import _cv_app, _cv_request, current_app, request, session
from .signals import message_flashed

if TYPE_CHECKING:
    from .wrappers import Response

_FALSE = frozenset({"0", "false", "no"})


def get_debug_flag() -> bool:
    """Whether applications start in debug mode: `FLASK_DEBUG`, else under `trine dev`."""
    value = os.environ.get("FLASK_DEBUG")
    if value is None:
        return launch().mode == "development"
    return bool(value) and value.lower() not in _FALSE


def get_load_dotenv(default: bool = True) -> bool:
    """Whether `.env` files are read: not where `FLASK_SKIP_DOTENV` says so."""
    value = os.environ.get("FLASK_SKIP_DOTENV")
    return default if not value else value.lower() in _FALSE


def stream_with_context(generator_or_function: Any) -> Any:
    """Keep the request while its answer is streamed: around a generator, or as a decorator of a function that makes one."""
    if callable(generator_or_function):

        def streamed(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(generator_or_function(*args, **kwargs))

        return update_wrapper(streamed, generator_or_function)

    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError("'stream_with_context' can only be used when a request context is active, such as in a view function.")

    def kept() -> Iterator[Any]:
        with context:
            # The context is entered now, while the view runs, and left when the answer has been sent.
            yield None
            try:
                yield from generator_or_function
            finally:
                close = getattr(generator_or_function, "close", None)
                if close is not None:
                    close()

    stream = kept()
    next(stream)
    return stream


def make_response(*args: Any) -> "Response":
    """Make a response of what a view could return, to set headers on it."""
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of a view. What the rule has no place for goes into the query."""
    return current_app.url_for(endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values)


def redirect(
    location: str,
    code: int = 302,
    Response: type[BaseResponse] | None = None,  # noqa: N803 - Werkzeug's name
) -> BaseResponse:
    """Send the visitor to another URL."""
    if _cv_app.get(None) is not None:
        return current_app.redirect(location, code=code)
    return _redirect_without_app(location, code=code, Response=Response)


def abort(code: int | BaseResponse, *args: Any, **kwargs: Any) -> NoReturn:
    """End the request with this status, or this answer."""
    if _cv_app.get(None) is not None:
        current_app.aborter(code, *args, **kwargs)
    _abort_without_app(code, *args, **kwargs)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro or variable that a template exports."""
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next page that shows messages."""
    # A new list: the session sees that its value has changed.
    session["_flashes"] = [*session.get("_flashes", ()), (category, message)]
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - Werkzeug's way from a proxy to its object
    message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def get_flashed_messages(with_categories: bool = False, category_filter: Iterable[str] = ()) -> list[str] | list[tuple[str, str]]:
    """The messages that were kept, once: the same ones however often it is asked during a request."""
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError("Working outside of request context: messages belong to a visitor's session.")
    if context.flashes is None:
        context.flashes = session.pop("_flashes", []) if "_flashes" in session else []
    wanted = set(category_filter)
    chosen = [(category, message) for category, message in context.flashes if not wanted or category in wanted]
    return chosen if with_categories else [message for _, message in chosen]


def _file_options(options: dict[str, Any]) -> dict[str, Any]:
    app = current_app
    if options.get("max_age") is None:
        options["max_age"] = app.get_send_file_max_age
    environ = request.environ
    return {
        **options,
        "environ": environ,
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "response_class": app.response_class,
        "_root_path": app.root_path,
    }


def send_file(
    path_or_file: os.PathLike[str] | str | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> "Response":
    """Answer with a file. Its path must be the program's own: for paths that visitors give there is `send_from_directory`."""
    return werkzeug.utils.send_file(  # type: ignore[return-value] # the application's own class
        path_or_file,
        **_file_options(
            {
                "mimetype": mimetype,
                "as_attachment": as_attachment,
                "download_name": download_name,
                "conditional": conditional,
                "etag": etag,
                "last_modified": last_modified,
                "max_age": max_age,
            }
        ),
    )


def send_from_directory(directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any) -> "Response":
    """Answer with a file below a directory. A path that would lead out of it, or to no file, is a 404."""
    return werkzeug.utils.send_from_directory(directory, path, **_file_options(kwargs))  # type: ignore[return-value] # as above


def get_root_path(import_name: str) -> str:
    """The folder of a module or package; the working directory where nothing tells."""
    module = sys.modules.get(import_name)
    file: str | None = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or import_name == "__main__":
        return os.getcwd()
    if spec.origin and spec.origin not in ("namespace", "built-in"):
        return os.path.dirname(os.path.abspath(spec.origin))
    raise RuntimeError(
        f"No root path can be found for the module {import_name!r}: it has no file, as a namespace package has none."
        " Say where it is: root_path=..."
    )


def find_package(import_name: str) -> tuple[str | None, str]:
    """The prefix under which a package is installed, None where it is not, and the folder that holds it."""
    place = _folder_above(import_name)
    prefix = os.path.normpath(sys.prefix)
    if place == prefix or place.startswith(prefix + os.sep):
        return prefix, place
    folder, name = os.path.split(place)
    if name.lower() != "site-packages":
        return None, place
    # lib/python3.12/site-packages, or Lib/site-packages on Windows.
    above, last = os.path.split(folder)
    if last.lower() == "lib":
        return above, place
    if os.path.basename(above).lower() == "lib":
        return os.path.dirname(above), place
    return folder, place


def _folder_above(import_name: str) -> str:
    """The folder from which a module's outermost package is imported."""
    root = import_name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return os.getcwd()
    if spec.origin and spec.origin not in ("namespace", "built-in", "frozen"):
        folder = os.path.dirname(os.path.abspath(spec.origin))
        return os.path.dirname(folder) if spec.submodule_search_locations is not None else folder
    locations = [os.path.abspath(place) for place in spec.submodule_search_locations or ()]
    if not locations:
        return os.getcwd()
    # A namespace may have many folders: the one with this module counts.
    inner = importlib.util.find_spec(import_name) if import_name != root else None
    origin = os.path.abspath(inner.origin) if inner is not None and inner.origin else ""
    chosen = next((place for place in locations if origin.startswith(place + os.sep)), locations[0])
    return os.path.dirname(chosen)
