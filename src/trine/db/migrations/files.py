"""Where migrations lie: a folder `migrations` in each package, one numbered file for each."""

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from trine.errors import SetupError

from .operations import Operation

_NAME = re.compile(r"\d{4}_\w+")
_KNOWN = {"atomic", "dependencies", "operations", "replaces"}


@dataclass(frozen=True)
class Kept:
    """A step as it stands in its file."""

    text: str
    imports: tuple[str, ...]
    definitions: tuple[str, ...]
    """The functions, classes and constants that it names, in the order of its file."""


@dataclass(frozen=True)
class Migration:
    """One file: what it needs, and what it does."""

    package: str
    name: str
    dependencies: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    atomic: bool = True
    """Whether it is one transaction, where the database can change its schema inside of one."""
    replaces: tuple[str, ...] = ()
    """The migrations that it stands for, when it was squashed from them."""
    path: Path | None = field(default=None, compare=False)
    doc: str = ""
    kept: Mapping[Operation, Kept] = field(default_factory=dict, compare=False, repr=False)
    """Steps that are written down as they stood in other files."""

    @property
    def label(self) -> str:
        """Package and name, as dependencies write it."""
        return f"{self.package}.{self.name}"

    @property
    def number(self) -> int:
        """What its name begins with."""
        return int(self.name[:4])


class Folders:
    """The packages that have models or migrations, and where each one's migrations lie."""

    def __init__(self, modules: Iterable[tuple[str, str]], base: Path | None = None) -> None:
        """Take pairs of a package and the name of a module with models in it."""
        self._base = base or Path.cwd()
        self._folders: dict[str, Path] = {}
        for package, module in modules:
            if package not in self._folders:
                self._folders[package] = self._folder_of(package, module)
        # A package whose last model is gone has its history still.
        for folder in sorted((self._base / "migrations").glob("*")):
            if folder.is_dir() and any(_files(folder)):
                self._folders.setdefault(folder.name, folder)

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __getitem__(self, package: str) -> Path:
        return self._folders[package]

    def __contains__(self, package: object) -> bool:
        return package in self._folders

    def load(self) -> list[Migration]:
        """Read every migration there is."""
        return [load_migration(package, path) for package, folder in self._folders.items() for path in _files(folder)]

    def _folder_of(self, package: str, module: str) -> Path:
        parts = module.split(".")
        found = sys.modules.get(module)
        place = getattr(found, "__file__", None)
        if len(parts) == 1 or place is None:
            beside = Path(place).parent if place is not None else self._base
            return beside / "migrations" / package
        # Up to the folder that gives the package its name: models may lie in a folder `models`.
        depth = len(parts) - parts.index("models") if "models" in parts else 1
        path = Path(place)
        steps = depth - 1 if path.name != "__init__.py" else depth
        folder = path.parents[steps] if path.name != "__init__.py" or "models" in parts else path.parent
        return folder / "migrations"


def load_migration(package: str, path: Path) -> Migration:
    """Read one file. Raises `SetupError` for one that is no migration."""
    module = _import(package, path)
    said = {name: getattr(module, name) for name in _KNOWN if hasattr(module, name)}
    operations: Any = said.get("operations")
    if not isinstance(operations, list) or not all(isinstance(operation, Operation) for operation in operations):
        raise SetupError(
            f"The migration {path} has no list of operations.", hint="Write operations = [...], empty where it does nothing."
        )
    return Migration(
        package,
        path.stem,
        tuple(said.get("dependencies", ())),
        tuple(operations),
        bool(said.get("atomic", True)),
        tuple(said.get("replaces", ())),
        path,
        (module.__doc__ or "").strip(),
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if _NAME.fullmatch(path.stem)) if folder.is_dir() else []


def _import(package: str, path: Path) -> ModuleType:
    name = f"_trine_migrations_{package}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SetupError(f"The migration {path} cannot be read.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SetupError:
        raise
    except Exception as error:
        raise SetupError(f"The migration {path} cannot be loaded: {type(error).__name__}: {error}.") from error
    return module
