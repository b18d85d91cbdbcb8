"""From what a user types, as in `flask --app shop:create_app("test") run`, to the application."""

import ast
import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .app import Flask

_NAMES = ("app", "application")
_FACTORIES = ("create_app", "make_app")


class NoAppException(click.UsageError):
    """There is no application, or it cannot be loaded."""


def find_best_app(module: ModuleType) -> "Flask":
    """The application of a module: by its usual name, the only one there is, or made by its factory."""
    from .app import Flask

    for name in _NAMES:
        found = getattr(module, name, None)
        if isinstance(found, Flask):
            return found
    applications = [value for value in vars(module).values() if isinstance(value, Flask)]
    if len(applications) == 1:
        return applications[0]
    if applications:
        raise NoAppException(
            f"The module '{module.__name__}' has several Flask applications. Name one: '{module.__name__}:name'."
        )
    for name in _FACTORIES:
        factory = getattr(module, name, None)
        if inspect.isfunction(factory):
            made = _make(factory, f"The factory '{name}' in module '{module.__name__}'")
            if isinstance(made, Flask):
                return made
    raise NoAppException(
        f"The module '{module.__name__}' has no Flask application and no factory that makes one."
        f" Name it: '{module.__name__}:name'."
    )


def _make(factory: Callable[..., Any], what: str, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
    """Call a factory. Arguments that do not fit are the user's mistake; whatever else goes wrong is its own."""
    try:
        inspect.signature(factory).bind(*args, **(kwargs or {}))
    except TypeError as error:
        raise NoAppException(f"{what} cannot be called with these arguments: {error}. Write 'module:name(args)'.") from error
    return factory(*args, **(kwargs or {}))


def find_app_by_string(module: ModuleType, app_name: str) -> "Flask":
    """The application that a name leads to, or that a call such as `create_app("test")` makes."""
    from .app import Flask

    name, args, kwargs = _parse(app_name)
    found = getattr(module, name, None)
    if found is None:
        raise NoAppException(f"The module '{module.__name__}' has no '{name}'.")
    if not isinstance(found, Flask) and callable(found):
        found = _make(found, f"The factory '{name}' in module '{module.__name__}'", args, kwargs)
    if isinstance(found, Flask):
        return found
    raise NoAppException(f"'{module.__name__}:{app_name}' leads to no Flask application, but to a {type(found).__name__}.")


def _parse(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A name, and the arguments of a call, which are plain values."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if isinstance(tree, ast.Name):
            return tree.id, (), {}
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            args = tuple(ast.literal_eval(value) for value in tree.args)
            return tree.func.id, args, {word.arg: ast.literal_eval(word.value) for word in tree.keywords if word.arg is not None}
    except (SyntaxError, ValueError) as error:
        raise NoAppException(f"{text!r} is no name and no call with plain values: {error}.") from None
    raise NoAppException(f"{text!r} is neither a name nor a call, such as 'create_app(\"test\")'.")


def prepare_import(path: str) -> str:
    """The name under which a file is imported; the folder of its outermost package goes first on Python's path."""
    path = os.path.realpath(path)
    stem, extension = os.path.splitext(path)
    if extension == ".py":
        path = stem
    if os.path.basename(path) == "__init__":
        path = os.path.dirname(path)
    folder, name = os.path.split(path)
    names = [name]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    return ".".join(names)


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> "Flask | None":
    """Import a module and give its application."""
    try:
        importlib.import_module(module_name)
    except ImportError as error:
        # A program that was found and then failed to import something says what.
        if _has_run(error, module_name):
            raise NoAppException(
                f"While importing {module_name!r}, an ImportError was raised:\n\n{traceback.format_exc()}"
            ) from None
        if raise_if_not_found:
            raise NoAppException(f"Could not import {module_name!r}.") from None
        return None
    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def _has_run(error: ImportError, module_name: str) -> bool:
    """Whether the error comes from inside the module, rather than from looking for it."""
    frames = traceback.extract_tb(error.__traceback__)
    return any("importlib" not in frame.filename for frame in frames[1:])
