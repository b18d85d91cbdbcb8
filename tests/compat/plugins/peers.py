"""Peers' import names, given to Trine's compatibility packages: `import fastapi.x` loads `trine.compat.fastapi.x`.

It is the same module object under both names, so that a peer's own test suite, and programs written for it, run unmodified.
"""

import sys
from importlib.abc import MetaPathFinder

PEERS = {name: f"trine.compat.{name}" for name in ("fastapi", "starlette", "flask")}


class PeerFinder(MetaPathFinder):
    """Trine's own finder, loaded with the first peer: pytest wants to see Trine's plugin before it is imported."""

    def find_spec(self, fullname, path=None, target=None):
        """Find a peer's module under the name that Trine gives it."""
        return self.finder.find_spec(fullname, path, target) if fullname.partition(".")[0] in PEERS else None

    def find_distributions(self, context):
        """Tell a peer's version."""
        return self.finder.find_distributions(context) if (context.name or "").lower() in PEERS else []

    @property
    def finder(self):
        """What does it."""
        from trine.compat.alias import AliasFinder

        return AliasFinder(PEERS)


def install() -> None:
    """Install the aliases before every other finder, once more where another one has come before them."""
    sys.meta_path[:] = [PeerFinder(), *(finder for finder in sys.meta_path if not isinstance(finder, PeerFinder))]
