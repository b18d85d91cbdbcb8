"""A pytest plugin (`-p alias`) that gives the peers' names to Trine, and refuses to run beside the peers themselves."""

from importlib.machinery import PathFinder

from peers import PEERS, install


def pytest_configure() -> None:
    """Install the aliases before the first test file is read."""
    for peer in PEERS:
        if PathFinder.find_spec(peer) is not None:
            raise RuntimeError(f"{peer} is importable here, so a pass would prove nothing. Uninstall it from this environment.")
    install()
