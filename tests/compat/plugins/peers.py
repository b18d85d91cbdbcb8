"""Peers' import names, given to Trine's compatibility packages: `import fastapi.x` loads `trine.compat.fastapi.x`.

It is the same module object under both names, so that a peer's own test suite, and programs written for it, run unmodified.
"""

import sys

from trine.compat.alias import AliasFinder

PEERS = {name: f"trine.compat.{name}" for name in ("fastapi", "starlette", "flask")}


def install() -> None:
    """Install the aliases before every other finder, once more where another one has come before them."""
    sys.meta_path[:] = [AliasFinder(PEERS), *(finder for finder in sys.meta_path if not isinstance(finder, AliasFinder))]
