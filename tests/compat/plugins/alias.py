"""A pytest plugin (`-p alias`) that gives the peers' names to Trine, and refuses to run beside the peers themselves."""

from importlib.machinery import PathFinder

from peers import PEERS, install

# At once, and before pytest's own finder, which reads every module that a test's file pattern fits.
install()


def pytest_configure() -> None:
    """Refuse to run beside the peers."""
    for peer in PEERS:
        if PathFinder.find_spec(peer) is not None:
            raise RuntimeError(f"{peer} is importable here, so a pass would prove nothing. Uninstall it from this environment.")
