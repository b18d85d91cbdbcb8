"""Source code, line by line, with the objects that it refers to, and what becomes of it."""

import linecache
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

_number = count(1)


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
        written = len(self.lines)
        try:
            yield
            if len(self.lines) == written:
                self.line("pass")
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


def define(name: str, source: str, title: str, namespace: dict[str, Any]) -> Any:
    """Turn written source into a function. Tracebacks, debuggers and profilers show the source from here."""
    title = f"<trine {next(_number)}: {title}>"
    linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
    exec(compile(source, title, "exec"), namespace)  # noqa: S102 - the source is written here, from declarations
    return namespace[name]


def identifier(name: str) -> str:
    """The part of a Python name that is nearest to any name. ASCII alone: Python folds other letters (PEP 3131)."""
    return re.sub(r"[^0-9A-Za-z_]", "_", name)
