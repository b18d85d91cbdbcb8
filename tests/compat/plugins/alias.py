"""Give a peer's import names to Trine's compatibility packages, so that a peer's own test suite runs unmodified.

A pytest plugin (`-p alias`): `import fastapi.x` then loads `trine.compat.fastapi.x`, and is the same module object.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PEERS = {"fastapi": "trine.compat.fastapi", "starlette": "trine.compat.starlette"}


class AliasFinder(MetaPathFinder):
    """Find a peer's module under the name that Trine gives it."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return a spec that leads to Trine's module, or None for a name that is no peer's."""
        peer, _, rest = fullname.partition(".")
        if peer not in PEERS:
            return None

        real = f"{PEERS[peer]}.{rest}" if rest else PEERS[peer]
        found = importlib.util.find_spec(real)
        if found is None:
            return None
        return ModuleSpec(fullname, AliasLoader(real), is_package=found.submodule_search_locations is not None)


class AliasLoader(Loader):
    """Load the module of another name."""

    def __init__(self, real: str) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the real module; it keeps its own spec, which relative imports read."""
        module = importlib.import_module(self.real)
        self.kept = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the real spec back: the module ran when it was imported under its own name."""
        module.__spec__ = self.kept


def pytest_configure() -> None:
    """Install the aliases before the first test file is read, and refuse to run beside the peers themselves."""
    for peer in PEERS:
        if importlib.util.find_spec(peer) is not None:
            raise RuntimeError(f"{peer} is importable here, so a pass would prove nothing. Uninstall it from this environment.")
    sys.meta_path.insert(0, AliasFinder())
