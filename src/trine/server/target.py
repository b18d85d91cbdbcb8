"""From what a user types to the application: `app.py`, `app.py:app`, `package.module:app`, `module:create_app()`."""

import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from trine.errors import SetupError

FILES = ("app.py", "main.py", "asgi.py", "api.py", "server.py", "wsgi.py")
NAMES = ("app", "application", "api")
ALIASES = ("flask",)
"""Frameworks whose import names may lead to `trine.compat`."""


class LoadError(SetupError):
    """The program cannot be imported. `details` is its traceback, from the program's own first line on."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", details: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.details = details


def find_target(folder: Path | None = None) -> str:
    """Find the program where none was named: `app.py`, `main.py` and others, here or in the one package that is here."""
    folder = Path.cwd() if folder is None else folder
    for name in FILES:
        if (folder / name).is_file():
            return name
    packages = [path.parent for path in sorted([*folder.glob("*/__init__.py"), *folder.glob("src/*/__init__.py")])]
    found = [package / name for package in packages for name in FILES if (package / name).is_file()]
    if len(found) == 1:
        return str(found[0].relative_to(folder))
    if found:
        several = ", ".join(str(path.relative_to(folder)) for path in found)
        raise SetupError(
            f"There are several programs here: {several}.", hint=f"Name one: trine run {found[0].relative_to(folder)}"
        )
    raise SetupError(f"There is no program in {folder}: none of {', '.join(FILES)}.", hint="Name it: trine run shop.py")


def load_target(target: str) -> Any:
    """Import the program and give its application. Raises `LoadError` with the place of the mistake.

    An application of `trine.compat.flask` is given as the `App` that serves it. With `TRINE_ALIAS=flask` the program and its
    extensions import it as `flask`.
    """
    found = _load(target)
    return found.trine if hasattr(found, "trine") else found


def _load(target: str) -> Any:
    _take_names()
    place, _, name = _split(target)
    module = _import(place, target)
    if not name:
        return _only_application(module, target)
    factory = name.endswith("()")
    found: Any = module
    for part in name.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise _no_name(module, part, target)
        found = getattr(found, part)
    if factory:
        found = _call(found, name, target)
    if not _is_application(found):
        hint = f"If it makes the application, write {place}:{name}()." if callable(found) else "Name the App."
        raise LoadError(f"{target} is no application, but {_article(found)}.", hint=hint, where=str(module.__file__))
    return found


def _take_names() -> None:
    """Give the import names to `trine.compat` that the environment says, before the program imports anything."""
    name = os.environ.get("TRINE_ALIAS")
    if not name:
        return
    if name not in ALIASES:
        raise SetupError(f"TRINE_ALIAS is '{name}', which names no framework.", hint=f"Names are: {', '.join(ALIASES)}.")
    # By its name: what stands above this room is loaded where it is asked for.
    importlib.import_module("trine.compat.alias").take_name(name)


def watched_folder(target: str) -> Path:
    """The folder whose changes concern a program: that of its file, or the working directory."""
    place, _, _ = _split(target)
    path = Path(place)
    return path.resolve().parent if path.suffix == ".py" else Path.cwd()


def _split(target: str) -> tuple[str, str, str]:
    # A drive or a path may hold a colon only before the last separator.
    place, colon, name = target.rpartition(":")
    return (place, colon, name) if colon and os.sep not in name else (target, "", "")


def _import(place: str, target: str) -> ModuleType:
    path = Path(place)
    if path.suffix == ".py" or os.sep in place or path.is_dir():
        name, folder = _module_of(path, target)
    else:
        name, folder = place, Path.cwd()
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return _checked(importlib.import_module(name), folder, place)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise LoadError(f"There is no module '{name}' in {folder}.", hint="Name a file, as in: trine run app.py") from None
        raise load_error(target, error) from error
    except SetupError as error:
        raise _declared(target, error) from error
    except SystemExit as error:
        raise LoadError(
            f"{target} ended with {error.code!r} while it was imported.", hint="A program must not exit when it is imported."
        ) from None
    except Exception as error:
        raise load_error(target, error) from error


def _checked(module: ModuleType, folder: Path, place: str) -> ModuleType:
    """The module, if it is what lies in the folder: `site.py` is not, where Python has loaded a `site` of its own."""
    file = getattr(module, "__file__", None)
    if Path(place).suffix == ".py" and (file is None or not Path(file).resolve().is_relative_to(folder)):
        raise LoadError(
            f"{place} cannot be imported: another module is called '{module.__name__}' already ({file or 'a part of Python'}).",
            hint=f"Give the file a name of its own, as in {Path(place).with_stem(f'my_{Path(place).stem}')}.",
            where=place,
        )
    return module


def _module_of(path: Path, target: str) -> tuple[str, Path]:
    if not path.exists():
        near = (
            difflib.get_close_matches(path.name, [found.name for found in path.parent.glob("*.py")], n=1)
            if path.parent.is_dir()
            else []
        )
        hint = f"Did you mean {path.parent / near[0]}?" if near else "Name the file that makes the App."
        raise LoadError(f"There is no file {path}.", hint=hint)
    path = path.resolve()
    if path.is_dir():
        path /= "__init__.py"
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    # A file inside a package is imported as the package's module, so that its relative imports work.
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if not parts or not all(part.isidentifier() for part in parts):
        raise LoadError(
            f"{target} cannot be imported: '{path.stem}' is no Python name.", hint="Rename it with letters, digits and _."
        )
    return ".".join(parts), folder


def _only_application(module: ModuleType, target: str) -> Any:
    for name in NAMES:
        if _is_application(getattr(module, name, None)):
            return getattr(module, name)
    found = {name: value for name, value in vars(module).items() if _is_known(value)}
    if len({id(value) for value in found.values()}) == 1:
        return next(iter(found.values()))
    where = str(module.__file__)
    if found:
        hint = f"Name one: trine run {target}:{next(iter(found))}"
        raise LoadError(f"{target} has several applications: {', '.join(found)}.", hint=hint, where=where)
    raise LoadError(f"{target} has no application.", hint="Add app = App(), or name it: trine run file.py:name", where=where)


def _no_name(module: ModuleType, name: str, target: str) -> LoadError:
    near = difflib.get_close_matches(name, [known for known in vars(module) if not known.startswith("_")], n=1)
    hint = f"Did you mean '{near[0]}'?" if near else "Name the variable that holds the App."
    return LoadError(f"{target}: the module has no '{name}'.", hint=hint, where=str(module.__file__))


def _call(factory: Callable[[], Any], name: str, target: str) -> Any:
    if not callable(factory):
        raise LoadError(f"{target}: '{name.removesuffix('()')}' cannot be called.", hint="Write the name without ().")
    try:
        return factory()
    except SetupError as error:
        raise _declared(target, error) from error
    except Exception as error:
        raise load_error(target, error) from error


def _is_application(value: Any) -> bool:
    if value is None or isinstance(value, type | ModuleType):
        return False
    return _is_known(value) or (callable(value) and _takes_three(value))


def _is_known(value: Any) -> bool:
    return not isinstance(value, type | ModuleType) and any(hasattr(type(value), name) for name in ("__rsgi__", "trine"))


def _takes_three(value: Any) -> bool:
    if hasattr(value, "__code__"):
        return bool(value.__code__.co_argcount == 3)
    code = getattr(vars(type(value)).get("__call__"), "__code__", None)
    return code is not None and code.co_argcount == 4


def _article(value: Any) -> str:
    kind = "class" if isinstance(value, type) else type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _declared(target: str, error: SetupError) -> SetupError:
    return (
        error
        if error.where or len(error.problems) > 1
        else SetupError(error.message, hint=error.hint, where=_place(error, target))
    )


def load_error(target: str, error: Exception) -> LoadError:
    """The mistake with its own place: the last line of the program in the traceback, and for bad syntax the line itself."""
    details = "".join(traceback.format_exception(type(error), error, _own_part(error)))
    said = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    return LoadError(f"{target} cannot be imported. {said}", where=_place(error, target), details=details)


def _place(error: BaseException, target: str) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    frames = traceback.extract_tb(_own_part(error))
    # The mistake is rather in the program than in the library that it calls.
    own = [frame for frame in frames if not frame.filename.startswith((sys.prefix, sys.base_prefix, "<"))] or frames
    return f"{_short(own[-1].filename)}:{own[-1].lineno}" if own else target


def _own_part(error: BaseException) -> Any:
    """The traceback without this file and the import system."""
    step = error.__traceback__
    while step is not None and (step.tb_frame.f_code.co_filename == __file__ or "importlib" in step.tb_frame.f_code.co_filename):
        step = step.tb_next
    return step


def _short(path: str) -> str:
    return os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path
