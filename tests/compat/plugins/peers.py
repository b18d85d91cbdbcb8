"""Peers' import names, given to Trine's compatibility packages: `import fastapi.x` loads `trine.compat.fastapi.x`.

It is the same module object under both names, so that a peer's own test suite, and programs written for it, run unmodified.
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


def install() -> None:
    """Install the aliases before every other finder, once more where another one has come before them."""
    sys.meta_path[:] = [AliasFinder(), *(finder for finder in sys.meta_path if not isinstance(finder, AliasFinder))]
