"""Processes that run beside the workers of a generation: forked from the same loaded application, and kept alive like them."""

from collections.abc import Callable
from typing import Protocol


class Companion(Protocol):
    """One process beside the workers. An application has them in its list `companions`."""

    name: str
    """What logs call it."""

    def is_wanted(self, workers: int) -> bool:
        """Whether a generation with so many workers runs it."""
        ...

    def open(self) -> None:
        """Prepare what workers and the process share, before any of them is forked."""
        ...

    def run(self, ready: Callable[[], None], lifeline: int) -> int:
        """Be the process: say when it can be used, end with the lifeline, and give the exit status.

        One that ends before with status 0 was not needed any more, and begins anew.
        """
        ...

    def close(self) -> None:
        """Remove what was prepared: the generation has ended."""
        ...
