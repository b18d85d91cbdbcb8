"""Source code, line by line, with the objects that it refers to."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any


class Writer:
    """Collects lines at the current depth, and names for objects."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self.indent = ""
        self.reserved: set[str] = set()
        """Names that the source itself defines: a handler may be called like one of the objects it uses."""

    def line(self, text: str) -> None:
        """Add a line at the current depth."""
        self.lines.append(self.indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line, and everything inside the `with` one level deeper."""
        outer = self.indent
        self.line(head)
        # A head may be indented itself, where the writer wrote the enclosing line by hand.
        self.indent = outer + " " * (len(head) - len(head.lstrip())) + "    "
        try:
            yield
        finally:
            self.indent = outer

    @contextmanager
    def blocks(self, heads: Sequence[str]) -> Iterator[None]:
        """Open several blocks, each inside the one before."""
        with ExitStack() as stack:
            for head in heads:
                stack.enter_context(self.block(head))
            yield

    def name(self, wanted: str, value: Any) -> str:
        """Give an object a name in the source; the same object keeps its name, another one gets a number."""
        name, number = wanted, 1
        while name in self.reserved or (name in self.names and self.names[name] is not value):
            number += 1
            name = f"{wanted}_{number}"
        self.names[name] = value
        return name

    @property
    def source(self) -> str:
        """The whole text."""
        return "\n".join(self.lines) + "\n"
