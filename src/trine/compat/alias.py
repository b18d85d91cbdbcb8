"""Another framework's import name, given to its names here: for programs and extensions that import it by that."""

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType
from typing import Any

from trine.errors import SetupError


def take_name(name: str) -> None:
    """Let `import name` lead to `trine.compat.name`, for everything that is imported from now on.

    Raises `SetupError` where the framework itself is installed, or was imported already: a program with two of them would
    have two of each object, and whoever was imported first would decide which.
    """
    package = f"{__package__}.{name}"
    known = sys.modules.get(name)
    if known is not None and known is not sys.modules.get(package):
        raise SetupError(
            f"'{name}' was imported already, before trine.compat took its name.",
            hint=f"Call trine.compat.{name}.alias() before the first import of an extension, or run: trine run --alias {name}",
        )
    if any(isinstance(finder, AliasFinder) and name in finder.packages for finder in sys.meta_path):
        return
    spec = PathFinder.find_spec(name)
    if spec is not None:
        raise SetupError(
            f"'{name}' itself is installed, in {spec.origin}: no name can lead to two packages.",
            hint=f'Remove it: pip uninstall {name}. To run its application beside yours, mount it: app.mount("/legacy", it)',
        )
    sys.meta_path.insert(0, AliasFinder({name: package}))


class AliasFinder(MetaPathFinder):
    """Find modules under another name: `flask.x` is `trine.compat.flask.x`, the same object under both."""

    def __init__(self, packages: dict[str, str]) -> None:
        self.packages = packages

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Give a spec that leads to the other module, or None for a name that is not taken."""
        name, _, rest = fullname.partition(".")
        if name not in self.packages:
            return None
        real = f"{self.packages[name]}.{rest}" if rest else self.packages[name]
        found = importlib.util.find_spec(real)
        if found is None:
            return None
        return ModuleSpec(fullname, _AliasLoader(real), is_package=found.submodule_search_locations is not None)

    def find_distributions(self, context: Any = None) -> Iterable[Distribution]:
        """Tell the version whose behaviour is followed: extensions ask for it."""
        name = (getattr(context, "name", None) or "").lower()
        return [_Followed(name, self.packages[name])] if name in self.packages else []


class _AliasLoader(Loader):
    """Load the module of another name."""

    def __init__(self, real: str) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.real)
        # It keeps its own spec, which relative imports read.
        self.kept = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.kept


class _Followed(Distribution):
    """A distribution, as far as its name and version go."""

    def __init__(self, name: str, package: str) -> None:
        self._name = name
        self._package = package

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {importlib.import_module(self._package).__version__}\n"

    def locate_file(self, path: Any) -> Path:
        return Path(__file__).parent.joinpath(path)
