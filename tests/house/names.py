"""The public names of Trine, one line each. `python tests/house/names.py` writes them anew into public_names.txt."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import trine

LIST = Path(__file__).with_name("public_names.txt")


def public_modules() -> Iterator[ModuleType]:
    """Yield the package, its rooms, and every module below them that lists its public names."""
    yield trine
    for found in pkgutil.walk_packages(trine.__path__, "trine."):
        if any(part.startswith("_") for part in found.name.split(".")):
            continue
        module = importlib.import_module(found.name)
        is_room = found.name.count(".") == 1
        if is_room or hasattr(module, "__all__"):
            yield module


def names_of(module: ModuleType) -> list[str]:
    """Return what a module lists in `__all__`, or, without a list, what it defines itself."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def public_names() -> list[str]:
    """Return every public name with its module, sorted."""
    return sorted({f"{module.__name__}.{name}" for module in public_modules() for name in names_of(module)})


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in public_names()), encoding="utf-8")
