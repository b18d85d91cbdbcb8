"""What Trine promises: a name that comes or goes is seen in review, and every one says what it is for."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from .names import LIST, names_of, public_modules, public_names

MODULES = list(public_modules())
CHANGED = "Public names have changed. If that is meant: python tests/house/names.py, and a sentence in changelog.d/"


def test_public_names_are_those_on_the_list():
    listed = set(LIST.read_text(encoding="utf-8").split())
    found = set(public_names())
    assert {"new": sorted(found - listed), "gone": sorted(listed - found)} == {"new": [], "gone": []}, CHANGED


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_listed_names_exist_once(module):
    names = names_of(module)
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(names) == len(set(names))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_everything_public_is_documented(module):
    undocumented = [] if module.__doc__ else [module.__name__]
    for name in names_of(module):
        value = getattr(module, name)
        if is_ours(value):
            undocumented += [where for where, thing in walk(f"{module.__name__}.{name}", value) if not inspect.getdoc(thing)]
    assert undocumented == []


def is_ours(value: Any) -> bool:
    """Whether a value is a class or function that Trine defines: constants and other projects' names carry no docstring."""
    return (inspect.isclass(value) or inspect.isroutine(value)) and str(value.__module__).partition(".")[0] == "trine"


def walk(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a function, or a class with its public methods and properties. A method that overrides may use its base's words."""
    if not inspect.isclass(value):
        yield where, value
        return
    # A class must speak for itself: its base's docstring, or the one a dataclass writes, says nothing about it.
    own = value.__dict__.get("__doc__") or ""
    yield where, value if own and not own.startswith(f"{value.__name__}(") else _Undocumented
    for name, member in vars(value).items():
        if name.startswith("_") or is_nested(member):
            continue
        if isinstance(member, property) or inspect.isroutine(member) or isinstance(member, classmethod | staticmethod):
            yield f"{where}.{name}", getattr(value, name, member) if not isinstance(member, property) else member


def is_nested(member: Any) -> bool:
    """Whether a class attribute is only a reference to something that is public, and documented, elsewhere."""
    return inspect.isclass(member) or getattr(member, "__module__", "trine").partition(".")[0] != "trine"


class _Undocumented:
    __doc__ = None
